package authz.shared_test

import data.authz.shared

# What the check says of a request that carries these properties and this context, where the row takes these fields.
presence(fields, properties, context) := value if {
	value := shared.checks.fields_are_present with input as {
		"request": {
			"action": {"name": "thing:make"},
			"resource": {"properties": properties},
			"context": context,
		},
		"tenant": {"system": "demo"},
	}
		with data.model as {"demo": {"permissions": {"thing:make": {"takes": fields}}}}
}

field(part, name, kind, optional) := {"part": part, "name": name, "kind": kind, "optional": optional}

required(kind, value) := presence([field("resource", "x", kind, false)], {"x": value}, {})

optional(kind, value) := presence([field("resource", "x", kind, true)], {"x": value}, {})

values_of_kind := {
	"any": [null, "", " ", [], {}, "a", 0, 1.5, false, true, ["a"], {"a": 1}],
	"text": ["a", " a ", "0"],
	"name": ["a", " a ", 0, 5, true, false, ["a"], {"a": 1}],
	"boolean": [true, false],
	"positive_integer": [1, 12, 1.0],
	"limit": [null, 1, 12, 1.0],
	"date": ["2024-05-31"],
	"list": [["a"], [null], [[]]],
	"object": [{"a": 1}, {"a": null}],
}

values_of_other_kinds := {
	"any": [],
	"text": [0, 5, true, false, ["a"], {"a": 1}],
	"name": [],
	"boolean": [0, 1, "true", "false", ["a"], {"a": 1}],
	"positive_integer": [0, -1, 1.5, "1", true, ["a"], {"a": 1}],
	"limit": [0, -1, 1.5, "1", "null", true, false, ["a"], {"a": 1}],
	"date": ["2024-05-32", "a", 20240531, true, ["2024-05-31"], {"a": 1}],
	"list": ["a", 0, 1, true, {"a": 1}],
	"object": ["a", 0, 1, true, ["a"]],
}

blanks := [null, "", " \t", [], {}]

test_a_required_field_of_its_kind_is_present if {
	every kind, values in values_of_kind {
		every value in values {
			required(kind, value) == "ok"
		}
	}
}

test_a_required_field_of_another_kind_is_missing if {
	every kind, values in values_of_other_kinds {
		every value in values {
			required(kind, value) == "missing_field"
		}
	}
}

test_a_required_field_that_is_blank_is_missing if {
	every kind in object.keys(values_of_kind) - {"any", "limit"} {
		every value in blanks {
			required(kind, value) == "missing_field"
		}
	}
	every value in ["", " \t", [], {}] {
		required("limit", value) == "missing_field"
	}
}

test_a_required_field_that_is_absent_is_missing if {
	every kind in object.keys(values_of_kind) - {"any"} {
		presence([field("resource", "x", kind, false)], {}, {}) == "missing_field"
		presence([field("context", "x", kind, false)], {}, {}) == "missing_field"
	}
}

test_a_field_of_kind_any_is_left_to_a_later_check if {
	presence([field("resource", "x", "any", false)], {}, {}) == "ok"
	presence([field("context", "x", "any", false)], {}, {}) == "ok"
}

test_an_optional_field_may_be_absent_or_blank if {
	every kind in object.keys(values_of_kind) {
		presence([field("resource", "x", kind, true)], {}, {}) == "ok"
		presence([field("context", "x", kind, true)], {}, {}) == "ok"
		every value in blanks {
			optional(kind, value) == "ok"
		}
	}
}

test_an_optional_field_that_is_there_is_of_its_kind if {
	every kind, values in values_of_kind {
		every value in values {
			optional(kind, value) == "ok"
		}
	}
	every kind, values in values_of_other_kinds {
		every value in values {
			optional(kind, value) == "missing_field"
		}
	}
}

test_a_field_of_an_unknown_kind_is_missing if {
	required("colour", "red") == "missing_field"
}

test_each_field_is_read_from_its_own_part if {
	presence([field("resource", "x", "text", false)], {"x": "a"}, {}) == "ok"
	presence([field("context", "x", "text", false)], {}, {"x": "a"}) == "ok"
	presence([field("resource", "x", "text", false)], {}, {"x": "a"}) == "missing_field"
	presence([field("context", "x", "text", false)], {"x": "a"}, {}) == "missing_field"
}

test_every_field_is_asked_for if {
	fields := [
		field("resource", "x", "text", false),
		field("resource", "y", "list", true),
		field("context", "z", "boolean", false),
	]
	presence(fields, {"x": "a", "y": ["b"]}, {"z": false}) == "ok"
	presence(fields, {"x": "a"}, {"z": false}) == "ok"
	presence(fields, {"y": ["b"]}, {"z": false}) == "missing_field"
	presence(fields, {"x": "a", "y": "b"}, {"z": false}) == "missing_field"
	presence(fields, {"x": "a", "y": ["b"]}, {}) == "missing_field"
}

test_a_row_that_takes_nothing_misses_nothing if {
	presence([], {}, {}) == "ok"
	presence([], {"x": null}, {"y": null}) == "ok"
}

test_what_is_not_a_permission_misses_its_fields if {
	shared.checks.fields_are_present == "missing_field" with input as {
		"request": {"action": {"name": "thing:lose"}, "resource": {"properties": {}}, "context": {}},
		"tenant": {"system": "demo"},
	}
		with data.model as {"demo": {"permissions": {"thing:make": {"takes": []}}}}
}

last_days := {
	"2023-01-31", "2023-02-28", "2023-03-31", "2023-04-30", "2023-05-31", "2023-06-30",
	"2023-07-31", "2023-08-31", "2023-09-30", "2023-10-31", "2023-11-30", "2023-12-31",
}

days_after_the_last := {
	"2023-01-32", "2023-02-29", "2023-03-32", "2023-04-31", "2023-05-32", "2023-06-31",
	"2023-07-32", "2023-08-32", "2023-09-31", "2023-10-32", "2023-11-31", "2023-12-32",
}

test_the_months_have_their_days if {
	every day in last_days {
		required("date", day) == "ok"
	}
	every day in days_after_the_last {
		required("date", day) == "missing_field"
	}
	required("date", "2023-02-01") == "ok"
	required("date", "2023-10-10") == "ok"
}

test_leap_years_have_one_day_more if {
	every year in ["2024", "2000", "1904", "2400"] {
		required("date", concat("-", [year, "02-29"])) == "ok"
		required("date", concat("-", [year, "02-30"])) == "missing_field"
	}
	every year in ["2023", "1900", "2100", "2022"] {
		required("date", concat("-", [year, "02-28"])) == "ok"
		required("date", concat("-", [year, "02-29"])) == "missing_field"
	}
}

test_days_that_do_not_exist if {
	every day in ["2024-00-10", "2024-13-10", "2024-99-10", "2024-05-00", "2024-05-99"] {
		required("date", day) == "missing_field"
	}
}

test_days_written_otherwise if {
	every day in [
		"24-05-31", "2024-5-31", "2024-05-1", "02024-05-31", "2024-005-31", "2024-05-031",
		"2024/05/31", "20240531", "2024-05", "2024-05-31-01", "31-05-2024", "-2024-05-31",
		"2024-05-31T00:00:00Z", " 2024-05-31", "2024-05-31 ", "2024-05-3a", "2024-a5-31", "20a4-05-31",
		"2024-05-+1", "2024-05-.1", "2e24-05-31", "٢٠٢٤-٠٥-٣١", "2024‐05‐31",
	] {
		required("date", day) == "missing_field"
	}
}

role_known(properties) := value if {
	value := shared.checks.role_is_known with input as {
		"request": {"resource": {"properties": properties}},
		"tenant": {"system": "demo"},
	}
		with data.model as {"demo": {"roles": {"editor": {}}}}
}

test_a_role_of_the_system_is_known if {
	role_known({"role": "editor"}) == "ok"
}

test_a_role_that_is_not_of_the_system_is_unknown if {
	every role in ["Editor", " editor", "owner", 5, 0, true, false, ["editor"], {"editor": true}] {
		role_known({"role": role}) == "unknown_role"
	}
}

test_where_no_role_is_asked_for_none_is_unknown if {
	role_known({}) == "ok"
	every role in blanks {
		role_known({"role": role}) == "ok"
	}
}

test_no_role_is_known_without_the_roles if {
	shared.checks.role_is_known == "unknown_role" with input.request.resource.properties.role as "editor"
}
