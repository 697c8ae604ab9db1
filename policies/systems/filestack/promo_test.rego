package systems.filestack_test

import data.systems.filestack

credit := [{"type": "grant_promo_credit", "monthly_usd": 10, "months": 10, "total_usd": 100}]

grants_to_try := ["grant_promo_credit_on_acceptance", "grant_promo_credit_on_reinstatement"]

# What this obligation asks for where so many members are active before the transition.
granted(name, active, promo) := value if {
	value := filestack.obligations[name] with input as {
		"tenant": {"settings": {"promo": promo}},
		"counts": {"active": active, "pending": 50, "inactive": 50},
	}
}

open := {"window_open": true}

test_the_fifth_active_member_earns_the_credit if {
	every name in grants_to_try {
		granted(name, 4, open) == credit
		granted(name, 5, open) == credit
		granted(name, 3, open) == []
		granted(name, 0, open) == []
	}
}

test_the_credit_is_granted_once if {
	every name in grants_to_try {
		granted(name, 4, {"window_open": true, "granted": true}) == []
		granted(name, 4, {"window_open": true, "granted": false}) == credit
	}
}

test_no_credit_is_granted_outside_the_window if {
	every name in grants_to_try {
		granted(name, 4, {"window_open": false}) == []
		granted(name, 4, {}) == []
		every value in ["true", 1, null, [true]] {
			granted(name, 4, {"window_open": value}) == []
		}
		filestack.obligations[name] == [] with input as {"tenant": {"settings": {}}, "counts": {"active": 4}}
	}
}

test_without_the_count_nothing_is_said_of_the_credit if {
	every name in grants_to_try {
		not filestack.obligations[name] with input.tenant.settings.promo as open
	}
}

# The rules about applying the credit of this month, with these settings.
applying(month, promo) := value if {
	value := filestack with input as {
		"request": {"context": {"month": month}},
		"tenant": {"settings": {"promo": promo}},
	}
}

test_a_credit_that_was_granted_is_applied if {
	applying(1, {"granted": true}).checks.promo_was_granted == "ok"
}

test_a_credit_that_was_not_granted_is_not_earned if {
	every value in [false, "true", 1, null] {
		applying(1, {"granted": value}).checks.promo_was_granted == "promo_not_earned"
	}
	applying(1, open).checks.promo_was_granted == "promo_not_earned"
	filestack.checks.promo_was_granted == "promo_not_earned" with input as {"tenant": {"settings": {}}}
	filestack.checks.promo_was_granted == "promo_not_earned" with input as {}
}

test_the_credit_runs_for_ten_months if {
	applying(1, {}).checks.promo_month_is_left == "ok"
	applying(10, {}).checks.promo_month_is_left == "ok"
	applying(11, {}).checks.promo_month_is_left == "promo_exhausted"
	applying("1", {}).checks.promo_month_is_left == "promo_exhausted"
	filestack.checks.promo_month_is_left == "promo_exhausted" with input as {"request": {"context": {}}}
}

test_a_months_credit_is_applied_once if {
	applying(3, {"applied_months": [1, 2]}).checks.promo_month_is_new == "ok"
	applying(2, {"applied_months": [1, 2]}).checks.promo_month_is_new == "already_sent"
	applying(1, {"applied_months": []}).checks.promo_month_is_new == "ok"
	applying(1, {}).checks.promo_month_is_new == "ok"
}

test_one_months_credit_is_ten_dollars if {
	applying(1, {}).obligations.apply_credit == [{"type": "apply_credit", "amount_usd": 10}]
}
