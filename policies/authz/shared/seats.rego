package authz.shared

import data.authz

# A seat is taken by every pending and every active record.
seats_used := input.counts.pending + input.counts.active

# METADATA
# description: |
#   The seats that may be taken, null for no limit. An override that support set replaces the plan's limit, upwards
#   or downwards.
seat_limit := input.tenant.settings.seat_limit_override if {
	is_number(input.tenant.settings.seat_limit_override)
} else := authz.model.plans[input.tenant.plan].seats

# METADATA
# title: seat_limit_reached
# description: One more seat may be taken.
default checks["seat_is_free"] := "seat_limit_reached"

checks["seat_is_free"] := "ok" if is_null(seat_limit)

checks["seat_is_free"] := "ok" if seats_used < seat_limit

# METADATA
# title: seat_limit_reached
# description: The seats taken, the invitee's own among them, are within the limit.
default checks["seats_are_within_limit"] := "seat_limit_reached"

checks["seats_are_within_limit"] := "ok" if is_null(seat_limit)

checks["seats_are_within_limit"] := "ok" if seats_used <= seat_limit

# METADATA
# title: seats_over_plan_limit
# description: The seats taken fit the limit that holds after the change of plan.
default checks["seats_fit_next_limit"] := "seats_over_plan_limit"

checks["seats_fit_next_limit"] := "ok" if is_null(next_seat_limit)

checks["seats_fit_next_limit"] := "ok" if seats_used <= next_seat_limit

next_plan_seats := authz.model.plans[input.request.resource.properties.plan].seats

# An override outlives a change of plan only where it is larger than the new plan's limit.
override_outlives if {
	is_number(input.tenant.settings.seat_limit_override)
	input.tenant.settings.seat_limit_override > next_plan_seats
}

next_seat_limit := input.tenant.settings.seat_limit_override if {
	is_number(next_plan_seats)
	override_outlives
} else := next_plan_seats

# METADATA
# description: |
#   The seat is to be taken by compare-and-set on the number of seats that this decision saw, so that of two racers for
#   the last one only one wins.
obligations["reserve_seat"] := [{"type": "reserve_seat", "used_before": seats_used, "limit": seat_limit}]

# METADATA
# description: The seat of a target that held one is free again.
obligations["release_seat"] := [{"type": "release_seat"} | target_state != "inactive"]

# METADATA
# description: An override that the new plan makes needless is to be cleared.
obligations["clear_seat_limit_override"] := [{"type": "clear_seat_limit_override"} |
	is_number(input.tenant.settings.seat_limit_override)
	next_seat_limit == next_plan_seats
]

# METADATA
# description: The seats of the tenant, as an answer shows them.
limits["seats"] := {"name": "seats", "limit": seat_limit, "used": seats_used, "plan": input.tenant.plan}

# METADATA
# description: The seats of the tenant against the limit that the change of plan would leave.
limits["seats_after_change"] := {
	"name": "seats",
	"limit": next_seat_limit,
	"used": seats_used,
	"plan": input.request.resource.properties.plan,
}
