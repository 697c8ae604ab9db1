# METADATA
# title: Quant
# description: What the YAML of config/systems/quantcdn cannot say.
package systems.quantcdn

import data.authz.shared

# METADATA
# title: token_out_of_scope
# description: |
#   A request that comes by the API with a list of the token's organizations is about one of them. An empty list is a
#   list; anything else that is there and no list covers nothing.
default checks["token_covers_tenant"] := "token_out_of_scope"

checks["token_covers_tenant"] := "ok" if not comes_by_api

checks["token_covers_tenant"] := "ok" if not token_has_scopes

checks["token_covers_tenant"] := "ok" if input.tenant.id in token_scopes

comes_by_api if input.request.context.channel == "api"

token_has_scopes if is_array(input.request.context.token_scopes)

token_has_scopes if shared.is_given(input.request.context.token_scopes)

token_scopes := input.request.context.token_scopes if is_array(input.request.context.token_scopes)

# METADATA
# title: organization_not_active
# description: The organization that is open in the dashboard, where the request names it, is the one it is about.
default checks["tenant_is_the_active_one"] := "organization_not_active"

checks["tenant_is_the_active_one"] := "ok" if not another_is_named

checks["tenant_is_the_active_one"] := "ok" if input.request.context.active_tenant == input.tenant.id

another_is_named if shared.is_given(input.request.context.active_tenant)

# METADATA
# title: two_factor_required
# description: |
#   Where the organization enforces it, nobody does anything in the dashboard before setting up two factors, owners
#   included. A channel that nobody defined is the dashboard.
default checks["two_factor_is_set_up"] := "two_factor_required"

checks["two_factor_is_set_up"] := "ok" if not input.tenant.settings.two_factor_enforced

checks["two_factor_is_set_up"] := "ok" if input.member.two_factor_enabled == true

checks["two_factor_is_set_up"] := "ok" if comes_by_api

# The owner who asks the support desk may be the one who lost the second factor.
checks["two_factor_is_set_up"] := "ok" if {
	input.request.context.channel == "support_desk"
	input.request.action.name == "two_factor:reset_member"
}

# METADATA
# description: The subject is to set up two factors, if the gate holds them back.
obligations["prompt_own_two_factor_setup"] := [
{"type": "prompt_two_factor_setup", "users": [input.request.subject.id]} |
	checks.two_factor_is_set_up != "ok"
]
