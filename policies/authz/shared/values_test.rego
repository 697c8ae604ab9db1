package authz.shared_test

import data.authz.shared

# What stands around a text and is not part of it, each by its code point.
white_characters := [
	" ", "\t", "\n", "\u000b", "\u000c", "\r", "\u0085", "\u00a0", "\u1680",
	"\u2000", "\u2001", "\u2002", "\u2003", "\u2004", "\u2005", "\u2006", "\u2007", "\u2008", "\u2009", "\u200a",
	"\u2028", "\u2029", "\u202f", "\u205f", "\u3000", "\ufeff",
]

# Characters that count as text, most of them without a shape of their own.
other_characters := ["_", ".", "\u0000", "\u0008", "\u001f", "\u180e", "\u200b", "\u200d", "\u2060"]

blank_values := [null, "", " ", "\t\n", "\u00a0\u3000", [], {}]

given_values := ["a", " a ", "0", "null", 0, 1, -1, 0.5, true, false, [null], [""], {"a": null}]

test_each_white_character_is_trimmed_from_both_ends if {
	every character in white_characters {
		shared.trimmed(concat("", [character, character, "a b", character])) == "a b"
	}
}

test_white_space_within_a_text_stays if {
	every character in white_characters {
		text := concat(character, ["a", "b"])
		shared.trimmed(text) == text
	}
}

test_other_characters_are_text if {
	every character in other_characters {
		shared.trimmed(character) == character
		not shared.is_blank(character)
		shared.is_given(character)
	}
}

test_white_characters_alone_are_blank if {
	every character in white_characters {
		shared.is_blank(character)
		not shared.is_given(character)
	}
}

test_blank_values_are_not_given if {
	every value in blank_values {
		shared.is_blank(value)
		not shared.is_given(value)
	}
}

test_values_that_are_not_blank_are_given if {
	every value in given_values {
		shared.is_given(value)
		not shared.is_blank(value)
	}
}

test_a_missing_value_is_neither_blank_nor_given if {
	said_of_nothing := [true | shared.is_blank(input.nothing)] with input as {}
	said_of_nothing == []
	given := [true | shared.is_given(input.nothing)] with input as {}
	given == []
}

test_whole_numbers_from_one_are_positive_integers if {
	every value in [1, 2, 10, 1.0, 1e3, 9007199254740991] {
		shared.is_positive_integer(value)
	}
}

test_nothing_else_is_a_positive_integer if {
	every value in [0, -1, 0.5, 1.5, "1", "", true, null, [1], {"a": 1}] {
		not shared.is_positive_integer(value)
	}
}
