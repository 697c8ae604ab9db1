package systems.quantcdn_test

import data.systems.quantcdn

recipient(target) := value if {
	value := quantcdn.checks.target_is_active_owner with input.target as target
}

test_the_report_goes_to_active_owners if {
	recipient({"user": "tom", "role": "organization_owner", "status": "active"}) == "ok"
	recipient({"user": "tom", "role": "organization_owner"}) == "ok"
	recipient({"user": "tom", "role": "organization_owner", "status": "pending"}) == "target_role_mismatch"
	recipient({"user": "tom", "role": "organization_owner", "status": "inactive"}) == "target_role_mismatch"
	recipient({"user": "tom", "role": "administrator", "status": "active"}) == "target_role_mismatch"
	recipient({"user": "tom"}) == "target_role_mismatch"
}

test_the_recipient_opted_in if {
	quantcdn.checks.recipient_opted_in == "ok" with input.target as {"monthly_report_opt_in": true}
	quantcdn.checks.recipient_opted_in == "not_opted_in" with input.target as {"monthly_report_opt_in": false}
	quantcdn.checks.recipient_opted_in == "not_opted_in" with input.target as {}
}

test_the_report_is_sent_on_the_first_of_a_month if {
	quantcdn.checks.day_is_first_of_month == "ok" with input.request.context.date as "2026-07-01"
	quantcdn.checks.day_is_first_of_month == "not_first_of_month" with input.request.context.date as "2026-07-11"
	quantcdn.checks.day_is_first_of_month == "not_first_of_month" with input.request.context as {}
}

report_is_new(target) := value if {
	value := quantcdn.checks.report_is_new with input.target as target with input.request.context.date as "2026-07-01"
}

test_the_report_of_a_day_is_sent_once if {
	report_is_new({"monthly_report_last_sent": "2026-06-01"}) == "ok"
	report_is_new({}) == "ok"
	report_is_new({"monthly_report_last_sent": "2026-07-01"}) == "already_sent"
	quantcdn.checks.report_is_new == "already_sent" with input.target as {}
}

test_the_report_is_an_email_to_the_recipient if {
	quantcdn.obligations.send_monthly_report == [{
		"type": "send_email",
		"template": "monthly_team_report",
		"to": "tom",
		"include": ["members", "roles", "last_login", "active_scoped_tokens"],
	}] with input.target.user as "tom"
}
