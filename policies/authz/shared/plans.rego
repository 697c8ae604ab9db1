package authz.shared

import data.authz

# METADATA
# title: unknown_plan
# description: |
#   The tenant's plan is one of the system's. For members that is stage 2; the build names this check in stage 6 of
#   what services and invitees do.
default checks["stored_plan_is_known"] := "unknown_plan"

checks["stored_plan_is_known"] := "ok" if authz.plan_is_defined

# METADATA
# title: unknown_plan
# description: The plan asked for is one of the system's.
default checks["plan_is_known"] := "unknown_plan"

checks["plan_is_known"] := "ok" if authz.model.plans[input.request.resource.properties.plan]

# METADATA
# title: invalid_transition
# description: The plan asked for is not the present one.
default checks["plan_changes"] := "invalid_transition"

checks["plan_changes"] := "ok" if input.request.resource.properties.plan != input.tenant.plan

# METADATA
# title: plan_not_eligible
# description: The tenant's plan has the feature that the row needs.
default checks["plan_has_feature"] := "plan_not_eligible"

checks["plan_has_feature"] := "ok" if authz.model.plans[input.tenant.plan].features[authz.row.feature]

# METADATA
# title: role_not_on_plan
# description: The role asked for is offered on the tenant's plan.
default checks["requested_role_is_on_plan"] := "role_not_on_plan"

checks["requested_role_is_on_plan"] := "ok" if {
	requested_role
	not requested_role.plans
}

checks["requested_role_is_on_plan"] := "ok" if requested_role.plans[input.tenant.plan]

requested_role := authz.model.roles[input.request.resource.properties.role]
