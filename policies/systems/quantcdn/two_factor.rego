package systems.quantcdn

# METADATA
# description: When two factors become required, the active members without them are asked to set them up.
obligations["prompt_team_two_factor_setup"] := [
{"type": "prompt_two_factor_setup", "users": input.items.without_two_factor} |
	input.request.resource.properties.enabled == true
	count(input.items.without_two_factor) > 0
]

# METADATA
# title: verification_required
# description: The support desk verified who asks by other means.
default checks["request_is_verified"] := "verification_required"

checks["request_is_verified"] := "ok" if input.request.context.additional_verification == true

# METADATA
# title: support_desk_only
# description: The request comes from the support desk.
default checks["support_desk_asks"] := "support_desk_only"

checks["support_desk_asks"] := "ok" if input.request.context.channel == "support_desk"

# METADATA
# description: The member's second factor is forgotten.
obligations["reset_two_factor"] := [{"type": "reset_two_factor", "user": input.target.user}]
