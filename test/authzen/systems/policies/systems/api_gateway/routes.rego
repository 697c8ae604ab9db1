package systems.api_gateway

default conditions["readable"] := "out_of_scope"

conditions["readable"] := "ok" if route in {"/users/{userId}", "/todos"}

default conditions["creatable"] := "out_of_scope"

conditions["creatable"] := "ok" if route == "/todos"

default conditions["changeable"] := "out_of_scope"

conditions["changeable"] := "ok" if route == "/todos/{todoId}"

route := input.request.resource.id if input.request.resource.type == "route"
