package systems.filestack

import data.authz.shared

# METADATA
# title: profile_incomplete
# description: The company's and the owner's name are filled in. It never stands in the way of taking access away.
default checks["profile_is_complete"] := "profile_incomplete"

checks["profile_is_complete"] := "ok" if {
	shared.is_given(input.tenant.settings.company_name)
	shared.is_given(input.tenant.settings.owner_full_name)
}

# METADATA
# title: owner_protected
# description: The account owner is nobody's target.
default checks["target_is_not_owner"] := "owner_protected"

checks["target_is_not_owner"] := "ok" if input.target.role != "account_owner"

checks["target_is_not_owner"] := "ok" if not input.target.role

# METADATA
# title: role_not_assignable
# description: There is one account owner, and nobody becomes another.
default checks["role_is_assignable"] := "role_not_assignable"

checks["role_is_assignable"] := "ok" if input.request.resource.properties.role != "account_owner"

# METADATA
# title: verification_required
# description: The invitee's e-mail address was verified.
default checks["email_is_verified"] := "verification_required"

checks["email_is_verified"] := "ok" if input.request.context.email_verified == true

# METADATA
# description: The member hears that access was withdrawn.
obligations["notify_access_revoked"] := [_notice("access_revoked")]

# METADATA
# description: The member hears that access was given back.
obligations["notify_access_reinstated"] := [_notice("access_reinstated")]

# METADATA
# description: The member hears of the new role.
obligations["notify_role_changed"] := [_notice("role_changed")]

# METADATA
# description: Who had joined hears of the removal; an invitation just becomes void.
obligations["notify_removed"] := [_notice("removed") | shared.target_state != "pending"]

_notice(event) := {"type": "notify_user", "user": input.target.user, "event": event}

# METADATA
# description: A developer who turns to billing keeps no keys.
obligations["clear_api_key_assignments"] := [{"type": "clear_api_key_assignments", "user": input.target.user} |
	input.target.role == "developer"
	input.request.resource.properties.role == "billing"
]
