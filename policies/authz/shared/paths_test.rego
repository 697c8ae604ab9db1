package authz.shared_test

import data.authz.shared

test_well_formed_paths if {
	every path in ["/", "/a", "/a/b.c", "/a b/ ", "/...", "/%2e"] {
		shared.is_path(path)
	}
}

test_malformed_paths if {
	every path in ["", "a", "a/b", "//", "/a/", "/a//b", "/.", "/a/.", "/a/./b", "/..", "/a/../b", "/a/..", 5, null, ["/"]] {
		not shared.is_path(path)
	}
}

test_a_folder_covers_itself_and_what_is_below if {
	every path in ["/a", "/a/b", "/a/b/c"] {
		shared.covers("/a", path)
		shared.covers("/", path)
	}
	shared.covers("/", "/")
}

test_a_folder_does_not_cover_what_is_beside_or_above if {
	every path in ["/ab", "/A", "/", "/b/a"] {
		not shared.covers("/a", path)
	}
}
