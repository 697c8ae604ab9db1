package systems.filestack

# METADATA
# title: Promo credit
# description: |
#   A team that reaches five active members while the window is open is granted ten dollars a month for ten months,
#   once.
obligations["grant_promo_credit_on_acceptance"] := _grant(input.counts.active + 1)

# METADATA
# description: The same when somebody comes back.
obligations["grant_promo_credit_on_reinstatement"] := _grant(input.counts.active + 1)

_grant(active_afterwards) := [{
	"type": "grant_promo_credit",
	"monthly_usd": 10,
	"months": 10,
	"total_usd": 100,
} |
	input.tenant.settings.promo.window_open == true
	not was_granted
	active_afterwards >= 5
]

was_granted if input.tenant.settings.promo.granted == true

# METADATA
# title: promo_not_earned
# description: The credit was granted to this account.
default checks["promo_was_granted"] := "promo_not_earned"

checks["promo_was_granted"] := "ok" if was_granted

# METADATA
# title: promo_exhausted
# description: The credit runs for ten months.
default checks["promo_month_is_left"] := "promo_exhausted"

checks["promo_month_is_left"] := "ok" if input.request.context.month <= 10

# METADATA
# title: already_sent
# description: The month's credit was not applied yet.
default checks["promo_month_is_new"] := "already_sent"

checks["promo_month_is_new"] := "ok" if not month_was_applied

month_was_applied if input.request.context.month in input.tenant.settings.promo.applied_months

# METADATA
# description: One month's credit.
obligations["apply_credit"] := [{"type": "apply_credit", "amount_usd": 10}]
