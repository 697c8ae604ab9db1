package systems.fivemanage_test

import data.systems.fivemanage

# The defaults of the rows that can be overridden, and of one that cannot.
override_model := {"fivemanage": {"permissions": {
	"log:read": {"grant": "override", "cells": {"owner": {}, "admin": {}, "developer": {}}},
	"log:search": {"grant": "override_of_log_search", "cells": {"owner": {}, "admin": {}, "developer": {}}},
	"token:read": {"grant": "override", "cells": {"owner": {}, "admin": {}, "developer": {}}},
	"token:create": {"grant": "override", "cells": {"owner": {}, "admin": {}}},
	"team:view": {"cells": {"owner": {}, "admin": {}, "developer": {}, "member": {}}},
}}}

member(role, for_role, switches) := {"role": role, "overrides": {"for_role": for_role, "grants": switches}}

# The member's right to a permission, as the grant answers it.
right(grant, permission, subject) := answer if {
	facts := {"request": {"action": {"name": permission}}, "tenant": {"system": "fivemanage"}, "member": subject}
	answer := fivemanage.grants[grant] with input as facts with data.model as override_model
}

test_override_adds_takes_away_or_changes_nothing if {
	rights := [[role, permission, effect, answer] |
		some [role, permission, effect] in [
			["developer", "token:create", "allow"],
			["developer", "token:create", "deny"],
			["developer", "token:read", "allow"],
			["developer", "token:read", "deny"],
			["member", "token:read", "allow"],
			["developer", "token:read", "DENY"],
			["developer", "token:create", "default"],
			["owner", "token:read", "deny"],
		]
		answer := right("override", permission, member(role, role, {permission: effect}))
	]
	rights == [
		["developer", "token:create", "allow", "override_grant"],
		["developer", "token:create", "deny", "role"],
		["developer", "token:read", "allow", "role"],
		["developer", "token:read", "deny", "override_denied"],
		["member", "token:read", "allow", "override_grant"],
		["developer", "token:read", "DENY", "role"],
		["developer", "token:create", "default", "role"],
		["owner", "token:read", "deny", "role"],
	]
}

test_override_for_another_role_is_inert if {
	right("override", "token:create", member("developer", "admin", {"token:create": "allow"})) == "role"
	right("override", "log:read", member("developer", "member", {"log:read": "deny"})) == "role"
}

test_without_overrides_the_role_decides if {
	right("override", "token:create", {"role": "developer"}) == "role"
	right("override", "log:read", {"role": "developer", "overrides": {}}) == "role"
	right("override", "log:read", {"role": "developer", "overrides": {"for_role": "developer"}}) == "role"
	right("override_of_log_search", "log:search", {"role": "developer"}) == "role"
	right("override_of_log_search", "log:search", {"role": "member"}) == "no_permission"
}

test_searching_logs_needs_reading_them if {
	rights := [[role, switches, answer] |
		some [role, switches] in [
			["developer", {"log:search": "deny"}],
			["developer", {"log:search": "deny", "log:read": "deny"}],
			["developer", {"log:read": "deny"}],
			["developer", {"log:search": "allow", "log:read": "deny"}],
			["member", {"log:search": "allow"}],
			["member", {"log:search": "allow", "log:read": "deny"}],
			["member", {"log:search": "allow", "log:read": "allow"}],
			["member", {"log:read": "allow"}],
			["member", {"log:read": "deny"}],
		]
		answer := right("override_of_log_search", "log:search", member(role, role, switches))
	]
	rights == [
		["developer", {"log:search": "deny"}, "override_denied"],
		["developer", {"log:search": "deny", "log:read": "deny"}, "override_denied"],
		["developer", {"log:read": "deny"}, "override_denied"],
		["developer", {"log:search": "allow", "log:read": "deny"}, "override_denied"],
		["member", {"log:search": "allow"}, "no_permission"],
		["member", {"log:search": "allow", "log:read": "deny"}, "no_permission"],
		["member", {"log:search": "allow", "log:read": "allow"}, "override_grant"],
		["member", {"log:read": "allow"}, "role"],
		["member", {"log:read": "deny"}, "no_permission"],
	]
}

# The verdict of a check where the subject sets a switch of somebody with the target's role.
setting(check, properties, subject, target) := verdict if {
	facts := {
		"request": {"resource": {"properties": properties}},
		"tenant": {"system": "fivemanage"},
		"member": subject,
		"target": target,
	}
	verdict := fivemanage.checks[check] with input as facts with data.model as override_model
}

admin := {"role": "admin"}

developer := {"role": "developer"}

test_effect_is_one_of_three if {
	every effect in ["allow", "deny", "default"] {
		setting("effect_is_known", {"effect": effect}, admin, developer) == "ok"
	}
	every properties in [{}, {"effect": "Allow"}, {"effect": true}, {"effect": ["allow"]}] {
		setting("effect_is_known", properties, admin, developer) == "missing_field"
	}
}

test_only_rows_with_a_switch_are_overridable if {
	every permission in ["log:read", "log:search", "token:read", "token:create"] {
		setting("permission_is_overridable", {"permission": permission}, admin, developer) == "ok"
	}
	every properties in [{}, {"permission": "team:view"}, {"permission": "log:write"}] {
		setting("permission_is_overridable", properties, admin, developer) == "not_overridable"
	}
}

test_nobody_gives_what_they_do_not_hold if {
	without_tokens := member("admin", "admin", {"token:read": "deny"})
	verdicts := [[effect, subject.role, verdict] |
		some [effect, subject] in [
			["allow", {"role": "owner"}],
			["allow", admin],
			["allow", without_tokens],
			["default", without_tokens],
			["deny", without_tokens],
			["default", admin],
		]
		properties := {"permission": "token:read", "effect": effect}
		verdict := setting("granted_permission_is_held", properties, subject, developer)
	]
	verdicts == [
		["allow", "owner", "ok"],
		["allow", "admin", "ok"],
		["allow", "admin", "cannot_grant_unheld"],
		["default", "admin", "cannot_grant_unheld"],
		["deny", "admin", "ok"],
		["default", "admin", "ok"],
	]
}

test_going_back_to_a_default_that_refuses_gives_nothing if {
	without_tokens := member("admin", "admin", {"token:create": "deny"})
	properties := {"permission": "token:create", "effect": "default"}
	setting("granted_permission_is_held", properties, without_tokens, developer) == "ok"
	setting("granted_permission_is_held", properties, without_tokens, {"role": "undefined"}) == "ok"
	setting("granted_permission_is_held", properties, without_tokens, admin) == "cannot_grant_unheld"
}

test_override_that_adds_a_right_lets_it_be_given if {
	subject := member("developer", "developer", {"token:create": "allow"})
	properties := {"permission": "token:create", "effect": "allow"}
	setting("granted_permission_is_held", properties, subject, developer) == "ok"
}

test_who_lost_reading_logs_does_not_give_searching if {
	properties := {"permission": "log:search", "effect": "allow"}
	without_logs := member("admin", "admin", {"log:read": "deny"})
	setting("granted_permission_is_held", properties, admin, developer) == "ok"
	setting("granted_permission_is_held", properties, without_logs, developer) == "cannot_grant_unheld"
}

test_missing_effect_gives_nothing_unheld if {
	properties := {"permission": "token:create"}
	setting("granted_permission_is_held", properties, developer, developer) == "cannot_grant_unheld"
}

test_a_missing_permission_is_refused if {
	fivemanage.grants.override == "override_denied" with input as {}
}
