package systems.quantcdn

import data.authz.shared

# METADATA
# title: owner_protected
# description: Only owners touch an owner, or the invitation of one.
default checks["target_is_within_reach"] := "owner_protected"

checks["target_is_within_reach"] := "ok" if input.member.role == "organization_owner"

checks["target_is_within_reach"] := "ok" if not target_is_owner

target_is_owner if input.target.role == "organization_owner"

# METADATA
# title: role_not_assignable
# description: Only owners make owners.
default checks["role_is_assignable"] := "role_not_assignable"

checks["role_is_assignable"] := "ok" if input.member.role == "organization_owner"

checks["role_is_assignable"] := "ok" if input.request.resource.properties.role != "organization_owner"

# METADATA
# title: last_owner
# description: Whoever is removed, an active owner remains.
default checks["owner_remains_without_target"] := "last_owner"

checks["owner_remains_without_target"] := "ok" if not target_is_owner

checks["owner_remains_without_target"] := "ok" if shared.target_state != "active"

checks["owner_remains_without_target"] := "ok" if input.counts.roles.organization_owner.active > 1

# METADATA
# title: last_owner
# description: Whoever leaves, an active owner remains.
default checks["owner_remains_without_subject"] := "last_owner"

checks["owner_remains_without_subject"] := "ok" if input.member.role != "organization_owner"

checks["owner_remains_without_subject"] := "ok" if input.counts.roles.organization_owner.active > 1

# METADATA
# title: role_change_requires_readd
# description: Always refused. A role lasts as long as the membership.
default checks["role_never_changes_in_place"] := "role_change_requires_readd"

# METADATA
# description: What to do instead of the change of role.
obligations["readd_with_new_role"] := [{
	"type": "readd_with_new_role",
	"user": input.request.resource.properties.user,
	"role": input.request.resource.properties.role,
}]

# METADATA
# title: registration_required
# description: The invitee has an account of their own.
default checks["invitee_is_registered"] := "registration_required"

checks["invitee_is_registered"] := "ok" if input.request.context.registered == true
