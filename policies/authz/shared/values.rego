# METADATA
# title: Shared rules
# description: |
#   Checks, obligations and limits that more than one system names, and the small words they are written in. A check
#   is refused by default and says "ok" in as many clauses as it has ways to hold.
package authz.shared

# What ECMAScript's trim strips, and U+0085: spelled out, because the native notions of white space differ.
white_space := " \t\n\u000b\u000c\r\u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000\ufeff"

# METADATA
# description: The text without the white space around it.
trimmed(text) := trim(text, white_space)

# METADATA
# description: Null, an empty or white text, an empty list or object. Numbers and booleans are never blank.
is_blank(value) if is_null(value)

is_blank(value) if {
	is_string(value)
	trimmed(value) == ""
}

is_blank([])

is_blank({})

# METADATA
# description: |
#   There, and not blank. A negated call fails where its argument is missing, like the call itself: to ask the opposite,
#   name a rule for it and negate that.
is_given(value) if {
	# Most texts begin with something to see, and are done with here.
	not contains(white_space, substring(value, 0, 1))
} else if {
	not is_blank(value)
}

# METADATA
# description: A whole number from 1.
is_positive_integer(value) if {
	is_number(value)
	value >= 1
	value == round(value)
}
