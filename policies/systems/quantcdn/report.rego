package systems.quantcdn

import data.authz.shared

# METADATA
# title: target_role_mismatch
# description: The monthly report goes to active owners alone.
default checks["target_is_active_owner"] := "target_role_mismatch"

checks["target_is_active_owner"] := "ok" if {
	target_is_owner
	shared.target_state == "active"
}

# METADATA
# title: not_opted_in
# description: The recipient asked for the report.
default checks["recipient_opted_in"] := "not_opted_in"

checks["recipient_opted_in"] := "ok" if input.target.monthly_report_opt_in == true

# METADATA
# title: not_first_of_month
# description: It is the first day of a month.
default checks["day_is_first_of_month"] := "not_first_of_month"

checks["day_is_first_of_month"] := "ok" if endswith(input.request.context.date, "-01")

# METADATA
# title: already_sent
# description: The report of this day did not go to this recipient yet.
default checks["report_is_new"] := "already_sent"

checks["report_is_new"] := "ok" if last_report != input.request.context.date

default last_report := ""

last_report := input.target.monthly_report_last_sent

# METADATA
# description: The report, by e-mail to the recipient.
obligations["send_monthly_report"] := [{
	"type": "send_email",
	"template": "monthly_team_report",
	"to": input.target.user,
	"include": ["members", "roles", "last_login", "active_scoped_tokens"],
}]
