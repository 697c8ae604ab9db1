package systems.filerobot

import data.authz
import data.authz.shared

# METADATA
# title: self_target
# description: Nobody manages themselves.
default checks["target_is_another"] := "self_target"

checks["target_is_another"] := "ok" if input.target.user != input.request.subject.id

# METADATA
# title: target_not_lower
# description: The target ranks below the subject; below a manager of some projects, or beside.
default checks["target_ranks_lower"] := "target_not_lower"

checks["target_ranks_lower"] := "ok" if is_within_rank(target_rank)

# METADATA
# title: level_not_lower
# description: The same of the level asked for.
default checks["level_ranks_lower"] := "level_not_lower"

checks["level_ranks_lower"] := "ok" if is_level_within_rank(input.request.resource.properties.level)

is_level_within_rank(id) if is_within_rank(level(id).rank)

is_within_rank(rank) if rank < own_level.rank

is_within_rank(rank) if {
	input.member.role == "manager"
	not is_company_wide
	rank == own_level.rank
}

# A level that nobody defined ranks as one that the company made.
target_rank := level(input.target.role).rank if {
	level(input.target.role)
} else := max([kind.rank | some kind in authz.model.custom_roles])

# METADATA
# title: invalid_transition
# description: The level asked for is not the one that the target has.
default checks["level_changes"] := "invalid_transition"

checks["level_changes"] := "ok" if shared.target_role != input.request.resource.properties.level

# METADATA
# title: missing_field
# description: The status asked for is one that can be set; `pending` is not.
default checks["status_is_listed"] := "missing_field"

checks["status_is_listed"] := "ok" if input.request.resource.properties.status in ["active", "inactive"]

# METADATA
# title: invalid_transition
# description: The status asked for is not the one that the target has.
default checks["status_changes"] := "invalid_transition"

checks["status_changes"] := "ok" if shared.target_state != input.request.resource.properties.status
