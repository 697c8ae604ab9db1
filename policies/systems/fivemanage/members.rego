package systems.fivemanage

import data.authz
import data.authz.shared

# METADATA
# title: owner_protected
# description: The owner is nobody's target.
default checks["target_is_not_owner"] := "owner_protected"

checks["target_is_not_owner"] := "ok" if shared.target_role != "owner"

# METADATA
# title: Condition of an admin's rights over members
# description: The target's role ranks below the admin's own. A role that is not defined has no rank.
default conditions["target_is_lower"] := "target_not_lower"

conditions["target_is_lower"] := "ok" if authz.model.roles[input.target.role].rank < authz.role.rank

# METADATA
# title: role_not_assignable
# description: The role to be given ranks below one's own.
default checks["role_is_below_own"] := "role_not_assignable"

checks["role_is_below_own"] := "ok" if authz.model.roles[requested_role].rank < authz.role.rank

requested_role := input.request.resource.properties.role if {
	shared.role_is_given
} else := "member"

# METADATA
# description: A new role starts with its own defaults.
obligations["reset_permission_overrides"] := [{"type": "reset_permission_overrides", "user": input.target.user}]

# METADATA
# description: Whoever is removed is signed out everywhere, whatever the status of the record was.
obligations["terminate_every_session"] := [{"type": "terminate_sessions", "user": input.target.user}]
