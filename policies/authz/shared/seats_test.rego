package authz.shared_test

import data.authz.shared

seats_model := {"demo": {"plans": {
	"small": {"seats": 3},
	"medium": {"seats": 5},
	"open": {"seats": null},
	"broken": {},
}}}

# The shared rules for a tenant on this plan with these settings and so many seats taken, half of them by invitations.
with_seats(plan, settings, used, properties) := value if {
	pending := floor(used / 2)
	value := shared with input as {
		"request": {"resource": {"properties": properties}},
		"tenant": {"system": "demo", "plan": plan, "settings": settings},
		"counts": {"pending": pending, "active": used - pending, "inactive": 100},
	}
		with data.model as seats_model
}

seats(plan, used) := with_seats(plan, {}, used, {})

overridden(plan, override, used) := with_seats(plan, {"seat_limit_override": override}, used, {})

changed_to(next_plan, settings, used) := with_seats("open", settings, used, {"plan": next_plan})

test_pending_and_active_records_take_seats if {
	shared.seats_used == 5 with input.counts as {"pending": 2, "active": 3, "inactive": 7}
	shared.seats_used == 0 with input.counts as {"pending": 0, "active": 0, "inactive": 7}
}

test_seats_are_not_counted_where_a_count_is_missing if {
	not shared.seats_used with input.counts as {"pending": 2}
	not shared.seats_used with input.counts as {"active": 3}
}

test_the_plan_sets_the_limit if {
	seats("small", 0).seat_limit == 3
	seats("open", 0).seat_limit == null
}

test_an_override_replaces_the_limit if {
	overridden("small", 9, 0).seat_limit == 9
	overridden("medium", 2, 0).seat_limit == 2
	overridden("open", 4, 0).seat_limit == 4
}

test_an_override_that_is_no_number_is_none if {
	overridden("small", "9", 0).seat_limit == 3
	overridden("small", null, 0).seat_limit == 3
	overridden("small", true, 0).seat_limit == 3
}

test_one_more_seat_is_free_below_the_limit if {
	seats("small", 2).checks.seat_is_free == "ok"
	seats("open", 1000).checks.seat_is_free == "ok"
	overridden("small", 9, 8).checks.seat_is_free == "ok"
}

test_no_seat_is_free_at_the_limit if {
	seats("small", 3).checks.seat_is_free == "seat_limit_reached"
	seats("small", 4).checks.seat_is_free == "seat_limit_reached"
	overridden("small", 9, 9).checks.seat_is_free == "seat_limit_reached"
	overridden("open", 2, 2).checks.seat_is_free == "seat_limit_reached"
}

test_the_seats_are_within_the_limit if {
	seats("small", 3).checks.seats_are_within_limit == "ok"
	seats("open", 1000).checks.seats_are_within_limit == "ok"
	overridden("small", 9, 9).checks.seats_are_within_limit == "ok"
}

test_the_seats_are_over_the_limit if {
	seats("small", 4).checks.seats_are_within_limit == "seat_limit_reached"
	overridden("medium", 2, 3).checks.seats_are_within_limit == "seat_limit_reached"
}

test_without_a_limit_that_is_known_no_seat_is_free if {
	every plan in ["gone", "broken"] {
		seats(plan, 0).checks.seat_is_free == "seat_limit_reached"
		seats(plan, 0).checks.seats_are_within_limit == "seat_limit_reached"
		changed_to(plan, {}, 0).checks.seats_fit_next_limit == "seats_over_plan_limit"
	}
	every check in ["seat_is_free", "seats_are_within_limit"] {
		shared.checks[check] == "seat_limit_reached" with input as {
			"tenant": {"system": "demo"},
			"counts": {"pending": 0, "active": 0},
		}
			with data.model as seats_model
	}
}

test_without_the_counts_no_seat_is_free if {
	tenant := {"system": "demo", "plan": "small"}
	shared.checks.seat_is_free == "seat_limit_reached" with input.tenant as tenant with data.model as seats_model
	shared.checks.seats_are_within_limit == "seat_limit_reached" with input.tenant as tenant with data.model as seats_model
	shared.checks.seats_fit_next_limit == "seats_over_plan_limit" with input as {
		"request": {"resource": {"properties": {"plan": "medium"}}},
		"tenant": tenant,
	}
		with data.model as seats_model
}

test_the_seats_fit_the_next_plan if {
	changed_to("small", {}, 3).checks.seats_fit_next_limit == "ok"
	changed_to("open", {}, 1000).checks.seats_fit_next_limit == "ok"
}

test_the_seats_do_not_fit_the_next_plan if {
	changed_to("small", {}, 4).checks.seats_fit_next_limit == "seats_over_plan_limit"
	with_seats("open", {}, 0, {}).checks.seats_fit_next_limit == "seats_over_plan_limit"
}

test_a_larger_override_outlives_the_change if {
	larger := {"seat_limit_override": 4}
	changed_to("small", larger, 4).checks.seats_fit_next_limit == "ok"
	changed_to("small", larger, 5).checks.seats_fit_next_limit == "seats_over_plan_limit"
	changed_to("small", larger, 4).obligations.clear_seat_limit_override == []
}

test_an_override_that_is_not_larger_is_cleared if {
	every override in [2, 3] {
		settings := {"seat_limit_override": override}
		changed_to("small", settings, 3).checks.seats_fit_next_limit == "ok"
		changed_to("small", settings, 4).checks.seats_fit_next_limit == "seats_over_plan_limit"
		changed_to("small", settings, 3).obligations.clear_seat_limit_override == [{"type": "clear_seat_limit_override"}]
	}
}

test_an_override_is_cleared_where_the_next_plan_has_no_limit if {
	settings := {"seat_limit_override": 9}
	changed_to("open", settings, 1000).checks.seats_fit_next_limit == "ok"
	changed_to("open", settings, 0).obligations.clear_seat_limit_override == [{"type": "clear_seat_limit_override"}]
}

test_without_an_override_there_is_none_to_clear if {
	changed_to("small", {}, 0).obligations.clear_seat_limit_override == []
	changed_to("open", {}, 0).obligations.clear_seat_limit_override == []
}

test_a_seat_is_reserved_against_the_seats_seen if {
	seats("small", 2).obligations.reserve_seat == [{"type": "reserve_seat", "used_before": 2, "limit": 3}]
	seats("open", 7).obligations.reserve_seat == [{"type": "reserve_seat", "used_before": 7, "limit": null}]
	overridden("small", 9, 5).obligations.reserve_seat == [{"type": "reserve_seat", "used_before": 5, "limit": 9}]
}

test_a_seat_is_not_reserved_without_a_limit_that_is_known if {
	not seats("gone", 0).obligations.reserve_seat
}

test_the_seat_of_a_target_that_held_one_is_released if {
	every target in [{"user": "tom"}, {"status": "active"}, {"status": "pending"}] {
		shared.obligations.release_seat == [{"type": "release_seat"}] with input.target as target
	}
}

test_a_target_that_held_no_seat_releases_none if {
	every status in ["inactive", "blocked"] {
		shared.obligations.release_seat == [] with input.target.status as status
	}
}

test_an_answer_shows_the_seats if {
	seats("small", 3).limits.seats == {"name": "seats", "limit": 3, "used": 3, "plan": "small"}
	overridden("open", 2, 5).limits.seats == {"name": "seats", "limit": 2, "used": 5, "plan": "open"}
}

test_an_answer_shows_the_seats_after_the_change if {
	changed_to("small", {}, 4).limits.seats_after_change == {"name": "seats", "limit": 3, "used": 4, "plan": "small"}
	changed_to("small", {"seat_limit_override": 4}, 5).limits.seats_after_change == {
		"name": "seats",
		"limit": 4,
		"used": 5,
		"plan": "small",
	}
}
