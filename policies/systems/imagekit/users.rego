package systems.imagekit

import data.authz
import data.authz.shared

# METADATA
# title: last_administrator
# description: |
#   Without the target there is still an active administrator. Who is not an active administrator can always go.
default checks["an_administrator_remains"] := "last_administrator"

checks["an_administrator_remains"] := "ok" if shared.target_role != "account_administrator"

checks["an_administrator_remains"] := "ok" if shared.target_state != "active"

checks["an_administrator_remains"] := "ok" if input.counts.roles.account_administrator.active > 1

# METADATA
# title: last_administrator
# description: The same where the target gets another role.
default checks["an_administrator_remains_after_change"] := "last_administrator"

checks["an_administrator_remains_after_change"] := "ok" if checks.an_administrator_remains == "ok"

checks["an_administrator_remains_after_change"] := "ok" if {
	input.request.resource.properties.role == "account_administrator"
}

# METADATA
# title: role_not_on_plan
# description: Nobody, in whatever status, has a role that the plan asked for does not offer.
default checks["every_role_is_on_next_plan"] := "role_not_on_plan"

checks["every_role_is_on_next_plan"] := "ok" if {
	is_object(input.counts.roles)
	count(stranded_roles) == 0
}

stranded_roles := [role |
	some role, offer in authz.model.roles
	is_object(offer.plans)
	not offer.plans[input.request.resource.properties.plan]
	some holders in input.counts.roles[role]
	holders > 0
]

# METADATA
# description: Leaving the restricted role, or the account, ends membership in groups. Shares to the person stay.
obligations["remove_from_user_groups"] := [{"type": "remove_from_user_groups", "user": input.target.user} |
	input.target.role == restricted_role
]

# METADATA
# description: Support can raise the limit.
obligations["contact_support"] := [{"type": "contact_support"}]
