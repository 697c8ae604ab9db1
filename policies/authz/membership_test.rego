package authz_test

import data.authz

members_model := {"demo": {
	"roles": {"owner": {}, "editor": {"plans": {"large": true}}},
	"custom_roles": {"narrow": {"rank": 5}, "wide": {"rank": 9}},
	"plans": {"small": {"seats": 3}, "large": {}},
	"permissions": {
		"thing:view": {"who": "member"},
		"thing:leave": {"who": "self"},
		"thing:sync": {"who": "service"},
		"invitation:accept": {"who": "invitee"},
	},
}}

ann := {"type": "user", "id": "ann"}

robot := {"type": "service", "id": "robot", "service": "robot"}

active_owner := {"exists": true, "role": "owner", "status": "active"}

# Ann, with this record, asks to view a thing.
viewing(member) := {
	"request": {"subject": ann, "action": {"name": "thing:view"}, "context": {}},
	"tenant": {"system": "demo", "plan": "small"},
	"member": member,
}

# The same without a record.
asking(subject, action) := {
	"request": {"subject": subject, "action": {"name": action}, "context": {}},
	"tenant": {"system": "demo", "plan": "small"},
}

patched(object, path, value) := json.patch(object, [{"op": "add", "path": path, "value": value}])

without(object, path) := json.patch(object, [{"op": "remove", "path": path}])

standing_in(facts, model) := value if {
	value := authz.membership with input as facts with data.model as model
}

standing_of(facts) := standing_in(facts, members_model)

standing_with(attribute, value) := standing_of(viewing(object.union(active_owner, {attribute: value})))

asker_in(facts) := value if {
	value := authz.asker with input as facts with data.model as members_model
}

test_who_asks if {
	asker_in(viewing(active_owner)) == "member"
	asker_in(asking(ann, "thing:view")) == "member"
	asker_in(asking(ann, "thing:leave")) == "member"
	asker_in(asking(ann, "thing:sync")) == "member"
	asker_in(asking(ann, "thing:lose")) == "member"
	asker_in(asking({"type": "device", "id": "ann"}, "thing:view")) == "member"
	asker_in(asking({"type": "user", "id": "service:robot"}, "thing:view")) == "member"
	asker_in(asking(ann, "invitation:accept")) == "invitee"
	asker_in(asking(robot, "thing:view")) == "service"
	asker_in(asking(robot, "thing:sync")) == "service"
	asker_in(asking(robot, "invitation:accept")) == "service"
}

test_an_active_member_stands if {
	standing_of(viewing(active_owner)) == "ok"
}

test_who_has_no_record_is_no_member if {
	standing_of(asking(ann, "thing:view")) == "not_a_member"
	standing_of(asking({"type": "device", "id": "d1"}, "thing:view")) == "not_a_member"
	standing_of(viewing({})) == "not_a_member"
	standing_of(viewing({"role": "owner", "status": "active"})) == "not_a_member"
	standing_with("exists", false) == "not_a_member"
}

test_a_role_that_is_not_defined_is_unknown if {
	every role in ["Owner", "gone", "", 5, null, ["owner"]] {
		standing_with("role", role) == "unknown_role"
	}
	standing_of(viewing({"exists": true, "status": "active"})) == "unknown_role"
	standing_in(viewing(active_owner), {"demo": {}}) == "unknown_role"
}

test_a_plan_that_is_not_defined_is_unknown if {
	every plan in ["Small", "gone", "", 5, null, ["small"]] {
		standing_of(patched(viewing(active_owner), "/tenant/plan", plan)) == "unknown_plan"
	}
	standing_of(without(viewing(active_owner), "/tenant/plan")) == "unknown_plan"
}

test_a_plan_of_the_system_is_known if {
	standing_of(patched(viewing(active_owner), "/tenant/plan", "large")) == "ok"
}

test_a_system_without_plans_asks_for_none if {
	model := without(members_model, "/demo/plans")
	standing_in(viewing(active_owner), model) == "ok"
	standing_in(without(viewing(active_owner), "/tenant/plan"), model) == "ok"
}

test_a_system_whose_plans_are_none_knows_no_plan if {
	standing_in(viewing(active_owner), patched(members_model, "/demo/plans", {})) == "unknown_plan"
}

test_who_was_invited_is_pending if {
	standing_with("status", "pending") == "member_pending"
}

test_any_status_but_active_and_pending_is_inactive if {
	every status in ["inactive", "Active", "PENDING", "blocked", " ", "", 5, 0, true, ["active"], null] {
		standing_with("status", status) == "member_inactive"
	}
}

test_a_record_without_a_status_is_active if {
	standing_of(viewing({"exists": true, "role": "owner"})) == "ok"
}

# The record's sessions count from this instant.
bound := "2024-05-01T10:00:00.000Z"

session(issued_at) := patched(
	viewing(object.union(active_owner, {"sessions_valid_after": bound})),
	"/request/context/session_issued_at", issued_at,
)

test_a_session_after_the_bound_counts if {
	standing_of(session("2024-05-01T10:00:00.001Z")) == "ok"
	standing_of(session("2025-01-01T00:00:00.000Z")) == "ok"
}

test_a_session_at_the_bound_or_before_ended if {
	standing_of(session(bound)) == "session_terminated"
	standing_of(session("2024-05-01T09:59:59.999Z")) == "session_terminated"
}

test_a_session_without_a_time_ended if {
	facts := viewing(object.union(active_owner, {"sessions_valid_after": bound}))
	standing_of(facts) == "session_terminated"
	standing_of(without(facts, "/request/context")) == "session_terminated"
	standing_of(session(null)) == "session_terminated"
	standing_of(session(20240601)) == "session_terminated"
	standing_of(session(true)) == "session_terminated"
	standing_of(session("")) == "session_terminated"
}

test_no_session_counts_after_a_bound_that_is_no_instant if {
	facts := viewing(object.union(active_owner, {"sessions_valid_after": "never"}))
	standing_of(facts) == "session_terminated"
	every instant in [bound, "9999-12-31T23:59:59.999Z", "+275760-09-13T00:00:00.000Z"] {
		standing_of(patched(facts, "/request/context/session_issued_at", instant)) == "session_terminated"
	}
}

test_without_a_bound_every_session_counts if {
	facts := viewing(active_owner)
	standing_of(facts) == "ok"
	standing_of(without(facts, "/request/context")) == "ok"
	standing_of(patched(facts, "/request/context/session_issued_at", "1970-01-01T00:00:00.000Z")) == "ok"
}

# Each refusal of the core in stage 2 in its order, and the facts that bring it about. A record cannot be pending and
# inactive at once.
membership_refusals := [
	{"reason": "not_a_member", "path": "/member/exists", "value": false},
	{"reason": "unknown_role", "path": "/member/role", "value": "gone"},
	{"reason": "unknown_plan", "path": "/tenant/plan", "value": "gone"},
	{"reason": "member_pending", "path": "/member/status", "value": "pending"},
	{"reason": "session_terminated", "path": "/member/sessions_valid_after", "value": "never"},
]

test_the_first_refusal_of_membership_is_its_reason if {
	every first, earlier in membership_refusals {
		standing_of(patched(viewing(active_owner), earlier.path, earlier.value)) == earlier.reason
		every second, later in membership_refusals {
			both := patched(patched(viewing(active_owner), later.path, later.value), earlier.path, earlier.value)
			standing_of(both) == membership_refusals[min({first, second})].reason
		}
	}
}

test_an_inactive_member_hears_it_before_the_session if {
	inactive := object.union(active_owner, {"status": "inactive"})
	standing_of(viewing(object.union(inactive, {"sessions_valid_after": "never"}))) == "member_inactive"
	standing_of(patched(viewing(inactive), "/tenant/plan", "gone")) == "unknown_plan"
}

test_services_need_no_record if {
	standing_of(asking(robot, "thing:sync")) == "ok"
	standing_of(asking(robot, "thing:view")) == "ok"
	standing_of(without(asking(robot, "thing:sync"), "/tenant/plan")) == "ok"
}

test_invitees_are_not_judged_as_members if {
	standing_of(asking(ann, "invitation:accept")) == "ok"
	every member in [{"exists": true, "status": "pending"}, {"exists": true, "role": "gone", "status": "inactive"}] {
		standing_of(patched(asking(ann, "invitation:accept"), "/member", member)) == "ok"
	}
}

test_members_who_act_for_themselves_are_judged if {
	standing_of(asking(ann, "thing:leave")) == "not_a_member"
	standing_of(patched(viewing(active_owner), "/request/action/name", "thing:leave")) == "ok"
}

test_people_who_ask_for_what_services_do_are_judged if {
	standing_of(asking(ann, "thing:sync")) == "not_a_member"
}

levels := [
	{"id": "reader", "kind": "narrow"},
	{"id": "reader", "kind": "wide"},
	{"id": "twin", "kind": "galaxy"},
	{"id": "twin", "kind": "wide"},
	{"id": "owner", "kind": "wide"},
	{"id": "odd", "kind": "galaxy"},
	{"id": "bare"},
	{"kind": "wide"},
]

role_in(stored, model) := value if {
	value := authz.role with input as patched(viewing({"exists": true, "role": stored}), "/tenant/custom_levels", levels)
		with data.model as model
}

test_a_role_of_the_system if {
	role_in("editor", members_model) == {"plans": {"large": true}}
}

test_a_role_that_the_tenant_made_is_one_of_its_kind if {
	role_in("reader", members_model) == {"rank": 5}
	role_in("twin", members_model) == {"rank": 9}
}

test_no_tenant_redefines_a_role_of_the_system if {
	role_in("owner", members_model) == {}
}

test_a_role_that_the_tenant_made_of_no_kind_is_none if {
	not role_in("odd", members_model)
	not role_in("bare", members_model)
	not role_in("gone", members_model)
	not role_in("", members_model)
}

test_where_the_system_has_no_kinds_tenants_make_no_roles if {
	not role_in("reader", without(members_model, "/demo/custom_roles"))
}

test_a_member_with_a_role_that_the_tenant_made_stands if {
	facts := patched(viewing(object.union(active_owner, {"role": "reader"})), "/tenant/custom_levels", levels)
	standing_of(facts) == "ok"
	standing_of(patched(facts, "/member/role", "odd")) == "unknown_role"
	standing_of(without(facts, "/tenant/custom_levels")) == "unknown_role"
	standing_of(without(facts, "/member/role")) == "unknown_role"
}

test_the_name_of_the_role_as_it_is_stored if {
	authz.member_role == "owner" with input.member.role as "owner"
	authz.member_role == "gone" with input.member.role as "gone"
	authz.member_role == "" with input as {"member": {}}
	authz.member_role == "" with input as {}
}

test_the_model_and_the_row_are_those_of_the_tenant_and_the_action if {
	models := {"demo": {"permissions": {"thing:view": {"who": "member"}}}, "other": {"permissions": {}}}
	authz.model == models.demo with input as viewing(active_owner) with data.model as models
	authz.row == {"who": "member"} with input as viewing(active_owner) with data.model as models
	not authz.row with input as patched(viewing(active_owner), "/tenant/system", "other") with data.model as models
	not authz.row with input as asking(ann, "thing:lose") with data.model as models
	not authz.model with input as without(viewing(active_owner), "/tenant/system") with data.model as models
}
