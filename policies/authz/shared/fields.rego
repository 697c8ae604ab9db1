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
} else := object.get(input.request.context, field.name, "") if {
	field.part == "context"
}

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

# A day that exists, as YYYY-MM-DD. Told from the texts: numbers of OPA and WASM differ in what they read.
is_day(value) if {
	is_string(value)
	[year, month, day] := split(value, "-")
	count(year) == 4
	trim(year, "0123456789") == ""
	day in days[month]
} else if {
	is_string(value)
	parts := split(value, "-")
	array.slice(parts, 1, count(parts)) == ["02", "29"]
	is_leap(parts[0])
}

days := {month: array.slice(day_numbers, 0, length) |
	some month, length in {
		"01": 31, "02": 28, "03": 31, "04": 30, "05": 31, "06": 30,
		"07": 31, "08": 31, "09": 30, "10": 31, "11": 30, "12": 31,
	}
}

day_numbers := [concat("", [tens, ones]) |
	some tens in ["0", "1", "2", "3"]
	some ones in split("0123456789", "")
	concat("", [tens, ones]) != "00"
]

# By the century where the year ends one, else by the year in it.
is_leap(year) if {
	count(year) == 4
	endswith(year, "00")
	substring(year, 0, 2) in fourths
} else if {
	count(year) == 4
	trim(year, "0123456789") == ""
	not endswith(year, "00")
	substring(year, 2, 2) in fourths
}

# The numbers of two digits that four divides.
fourths := {concat("", [tens, ones]) |
	some tens in ["0", "2", "4", "6", "8"]
	some ones in ["0", "4", "8"]
} | {concat("", [tens, ones]) |
	some tens in ["1", "3", "5", "7", "9"]
	some ones in ["2", "6"]
}

# METADATA
# title: unknown_role
# description: The role asked for is one of the system's, if one is asked for.
default checks["role_is_known"] := "unknown_role"

checks["role_is_known"] := "ok" if authz.model.roles[input.request.resource.properties.role]

checks["role_is_known"] := "ok" if not role_is_given

role_is_given if is_given(input.request.resource.properties.role)
