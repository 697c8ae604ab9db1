package authz_test

import data.authz

rights_model := {"demo": {
	"roles": {"owner": {}, "editor": {"plans": {"large": true}}, "nobody": {"plans": {}}},
	"custom_roles": {"narrow": {}, "bound": {"plans": {"large": true}}},
	"permissions": {
		"thing:view": {"who": "member", "cells": {
			"owner": {"reason": "role_grant"},
			"editor": {"reason": "share_grant"},
			"nobody": {"reason": "role_grant"},
		}},
		"thing:share": {"who": "member", "grant": "by_share", "cells": {"owner": {"reason": "role_grant"}}},
		"thing:leave": {"who": "self", "cells": {}},
		"thing:sync": {"who": "service", "services": {"robot": true}, "cells": {}},
		"invitation:accept": {"who": "invitee", "cells": {}},
	},
}}

right_in(facts) := value if {
	value := authz.right with input as facts with data.model as rights_model
}

# The right to an action of a member of this role, in a tenant on this plan.
right_of(role, plan, action) := right_in({
	"request": {"subject": ann, "action": {"name": action}},
	"tenant": {"system": "demo", "plan": plan, "custom_levels": [
		{"id": "reader", "kind": "narrow"},
		{"id": "auditor", "kind": "bound"},
	]},
	"member": {"exists": true, "role": role},
})

# The right of an owner or a custom role to share, where the grant yields this.
right_by_grant(role, verdict) := value if {
	value := right_of(role, "large", "thing:share") with data.systems.demo as {"grants": {"by_share": verdict}}
}

test_the_cell_of_the_role_grants if {
	right_of("owner", "small", "thing:view") == "role_grant"
	right_of("editor", "large", "thing:view") == "share_grant"
}

test_a_role_without_a_cell_holds_nothing if {
	right_of("reader", "small", "thing:view") == "no_permission"
	right_of("gone", "small", "thing:view") == "no_permission"
	right_in(asking(ann, "thing:view")) == "no_permission"
}

test_a_role_is_worth_nothing_on_another_plan if {
	every action in ["thing:view", "thing:leave", "thing:sync", "thing:share"] {
		right_of("editor", "small", action) == "role_not_on_plan"
		right_of("nobody", "large", action) == "role_not_on_plan"
		right_of("auditor", "small", action) == "role_not_on_plan"
	}
	right_in(without(viewing({"exists": true, "role": "editor"}), "/tenant/plan")) == "role_not_on_plan"
}

test_a_role_is_bound_to_plans_or_to_none if {
	right_of("owner", "gone", "thing:leave") == "self_service"
	right_of("reader", "small", "thing:leave") == "self_service"
	right_of("editor", "large", "thing:leave") == "self_service"
	right_of("auditor", "large", "thing:leave") == "self_service"
}

test_members_do_for_themselves_what_needs_no_cell if {
	right_of("owner", "small", "thing:leave") == "self_service"
}

test_people_do_not_do_what_services_do if {
	right_of("owner", "small", "thing:sync") == "no_permission"
	right_in(patched(asking({"type": "user", "id": "robot"}, "thing:sync"), "/member", active_owner)) == "no_permission"
}

test_services_do_what_their_row_names if {
	right_in(asking(robot, "thing:sync")) == "system_grant"
}

test_services_do_nothing_else if {
	right_in(asking({"type": "service", "id": "other", "service": "other"}, "thing:sync")) == "no_permission"
	every action in ["thing:view", "thing:share", "thing:leave", "invitation:accept", "thing:lose"] {
		right_in(asking(robot, action)) == "no_permission"
		right_in(patched(asking(robot, action), "/member", active_owner)) == "no_permission"
	}
}

test_invitees_answer_for_themselves if {
	right_in(asking(ann, "invitation:accept")) == "invitee_self"
	right_of("nobody", "small", "invitation:accept") == "invitee_self"
}

test_a_grant_gives_its_own_reason if {
	right_by_grant("owner", "override_grant") == "override_grant"
	right_by_grant("owner", "override_denied") == "override_denied"
	right_by_grant("reader", "override_grant") == "override_grant"
}

test_a_grant_leaves_it_to_the_cell if {
	right_by_grant("owner", "role") == "role_grant"
	right_by_grant("reader", "role") == "no_permission"
}

test_a_grant_is_asked_after_the_plan if {
	right_by_grant("nobody", "override_grant") == "role_not_on_plan"
}

test_a_grant_that_yields_nothing_leaves_the_right_open if {
	not right_of("owner", "large", "thing:share") with data.systems.demo as {"grants": {"by_shares": "role"}}
	not right_of("owner", "large", "thing:share") with data.systems.other as {"grants": {"by_share": "role"}}
}

test_what_the_system_does_not_list_nobody_holds if {
	right_of("owner", "small", "thing:lose") == "no_permission"
}
