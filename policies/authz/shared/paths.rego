package authz.shared

# METADATA
# description: |
#   A well-formed path: `/`, or segments that are neither empty nor `.` nor `..`. Nothing is decoded or normalised,
#   so that a path means here what it means to whoever opens it.
is_path("/")

is_path(path) if {
	startswith(path, "/")
	closed := concat("", [path, "/"])
	not contains(closed, "//")
	not contains(closed, "/./")
	not contains(closed, "/../")
}

# METADATA
# description: The folder is the path itself or lies above it, by whole segments. Both are well-formed.
covers("/", _)

covers(folder, folder)

covers(folder, path) if startswith(path, concat("", [folder, "/"]))
