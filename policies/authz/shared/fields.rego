package authz.shared

import data.authz

# METADATA
# title: missing_field
# description: |
#   Every attribute that the row takes is there and of its kind. The build names this check first in stage 6 of each
#   row that takes something. `name` is a value that a later check looks up: that one says unknown_…; `any` leaves all to a check.
default checks["fields_are_present"] := "missing_field"

checks["fields_are_present"] := "ok" if {
	every field in authz.row.takes {
		field_is_present(field)
	}
}

field_is_present(field) if is_kind(field.kind, field_value(field))

field_is_present(field) if {
	field.optional
	is_blank(field_value(field))
}

# A member that is absent reads as "", which is blank; null stays null, because one kind takes it.
field_value(field) := object.get(input.request.resource.properties, field.name, "") if {
	field.part == "resource"
} else := object.get(input.request.context, field.name, "")

is_kind("any", _)

is_kind("text", value) if {
	is_string(value)
	is_given(value)
}

is_kind("name", value) if is_given(value)

is_kind("boolean", value) if is_boolean(value)

is_kind("positive_integer", value) if is_positive_integer(value)

is_kind("limit", value) if is_null(value)

is_kind("limit", value) if is_positive_integer(value)

is_kind("date", value) if is_day(value)

is_kind("list", value) if {
	is_array(value)
	count(value) > 0
}

is_kind("object", value) if {
	is_object(value)
	count(value) > 0
}

# A day that exists, as YYYY-MM-DD.
is_day(value) if {
	is_string(value)
	parts := split(value, "-")
	[count(part) | some part in parts] == [4, 2, 2]
	every part in parts {
		trim(part, "0123456789") == ""
	}
	[year, month, day] := [to_number(trim_left(part, "0")) | some part in [concat("", ["0", p]) | some p in parts]]
	day >= 1
	day <= days_of(year, month)
}

days_of(year, month) := 29 if {
	month == 2
	is_leap(year)
} else := [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1]

is_leap(year) if {
	year % 4 == 0
	year % 100 != 0
}

is_leap(year) if year % 400 == 0

# METADATA
# title: unknown_role
# description: The role asked for is one of the system's, if one is asked for.
default checks["role_is_known"] := "unknown_role"

checks["role_is_known"] := "ok" if authz.model.roles[input.request.resource.properties.role]

checks["role_is_known"] := "ok" if not role_is_given

role_is_given if is_given(input.request.resource.properties.role)
