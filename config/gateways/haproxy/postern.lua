-- Asks Postern about a request and leaves what it answers in variables of the transaction. It decides nothing: without
-- an answer `txn.postern_status` stays unset, and haproxy.cfg refuses what is not 200.

local postern = "http://127.0.0.1:8182/v1/forward-auth"
local patience = 1000 -- milliseconds

local answered = {
  ["x-postern-subject"] = "txn.postern_subject",
  ["x-postern-decision-id"] = "txn.postern_decision_id",
  ["x-postern-reason"] = "txn.postern_reason",
  ["x-postern-obligations"] = "txn.postern_obligations",
}

-- All values of a header in their order: Postern refuses one that it needs and that was sent twice.
local function values(headers, name)
  local found = {}
  local sent = headers[name]
  local index = 0
  while sent ~= nil and sent[index] ~= nil do
    found[index + 1] = sent[index]
    index = index + 1
  end
  return found
end

local function ask(txn)
  local headers = txn.http:req_get_headers()
  local asked = {
    ["x-forwarded-method"] = { txn.f:method() },
    -- The target as the client sent it; the service gets the same.
    ["x-forwarded-uri"] = { txn.f:url() },
    ["x-forwarded-host"] = values(headers, "host"),
    ["authorization"] = values(headers, "authorization"),
  }
  local answer = core.httpclient():get { url = postern, headers = asked, timeout = patience }
  for name, variable in pairs(answered) do
    local value = answer.headers[name]
    txn:set_var(variable, value ~= nil and value[0] or "")
  end
  txn:set_var("txn.postern_status", answer.status)
end

core.register_action("postern", { "http-req" }, ask, 0)
