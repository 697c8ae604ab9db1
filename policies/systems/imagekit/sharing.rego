package systems.imagekit

import data.authz
import data.authz.shared

# The only role whose rights depend on shares.
restricted_role := "media_library_restricted_access"

# METADATA
# title: missing_field
# description: What is shared is named by a well-formed path.
default checks["path_is_well_formed"] := "missing_field"

checks["path_is_well_formed"] := "ok" if shared.is_path(input.request.resource.properties.path)

# METADATA
# title: missing_field
# description: A share is for one user or for one group, never for both.
default checks["one_grantee_is_named"] := "missing_field"

checks["one_grantee_is_named"] := "ok" if {
	user_is_named
	not group_is_named
}

checks["one_grantee_is_named"] := "ok" if {
	group_is_named
	not user_is_named
}

user_is_named if shared.is_given(input.request.resource.properties.user)

group_is_named if shared.is_given(input.request.resource.properties.group)

# METADATA
# title: unknown_level
# description: The level is one of the three, or `none` to withdraw the share.
default checks["level_is_known"] := "unknown_level"

checks["level_is_known"] := "ok" if ranks[input.request.resource.properties.level]

checks["level_is_known"] := "ok" if is_withdrawal

is_withdrawal if input.request.resource.properties.level == "none"

# METADATA
# title: target_not_found
# description: The user has a record in the account, in whatever status, or the group exists.
default checks["grantee_exists"] := "target_not_found"

checks["grantee_exists"] := "ok" if {
	user_is_named
	shared.checks.target_exists == "ok"
}

checks["grantee_exists"] := "ok" if {
	group_is_named
	input.items.group_exists == true
}

# METADATA
# title: target_role_mismatch
# description: A user who is given a share has the restricted role. Groups are not looked into.
default checks["grantee_is_restricted"] := "target_role_mismatch"

checks["grantee_is_restricted"] := "ok" if input.target.role == restricted_role

checks["grantee_is_restricted"] := "ok" if group_is_named

checks["grantee_is_restricted"] := "ok" if is_withdrawal

# METADATA
# title: plan_not_eligible
# description: |
#   Sharing belongs to the plans that roles.yaml offers the restricted role on, because shares serve nobody else. A
#   share can be withdrawn on every plan.
default checks["plan_allows_sharing"] := "plan_not_eligible"

checks["plan_allows_sharing"] := "ok" if authz.model.roles[restricted_role].plans[input.tenant.plan]

checks["plan_allows_sharing"] := "ok" if is_withdrawal

# METADATA
# title: root_not_shareable
# description: The root of the library is shared with nobody. A share of it that exists can be withdrawn.
default checks["root_is_not_shared"] := "root_not_shareable"

checks["root_is_not_shared"] := "ok" if input.request.resource.properties.path != "/"

checks["root_is_not_shared"] := "ok" if is_withdrawal
