-- What tests/server/test_editors.py has Neovim do.

local function say(...)
  io.stdout:write(table.concat(vim.tbl_map(tostring, { ... }), " ") .. "\n")
end

local function wait(what, is_so)
  if not vim.wait(30000, is_so, 20) then
    say("in vain:", what)
    vim.cmd("cquit")
  end
end

local function say_found(word)
  for _, found in ipairs(vim.diagnostic.get(0)) do
    say(word, ("%d:%d"):format(found.lnum + 1, found.col + 1), found.code)
  end
end

vim.cmd.edit("shop/tasks.py")
wait("the server", function()
  return #vim.lsp.get_clients({ name = "celery_lint" }) > 0
end)
local client = vim.lsp.get_clients({ name = "celery_lint" })[1]
say("attached", client.name)
wait("findings", function()
  return #vim.diagnostic.get(0) > 0
end)
say_found("found")

-- Typing: what stands before it takes four bytes, and two units of UTF-16.
local line = vim.api.nvim_buf_get_lines(0, 10, 11, true)[1]
vim.api.nvim_buf_set_lines(0, 10, 11, true, { (line:gsub("^    ", '    "é😀"; ')) })
wait("the finding to move", function()
  local found = vim.diagnostic.get(0)[1]
  return found ~= nil and found.col > 4
end)
say_found("typed")

vim.api.nvim_win_set_cursor(0, { 11, 14 })
vim.lsp.buf.code_action({
  apply = true,
  filter = function(action)
    if action.kind == "quickfix" then
      say("offered", action.title)
    end
    return action.title:match("^Run") ~= nil
  end,
})
wait("the fix", function()
  return #vim.diagnostic.get(0) == 0
end)
say("fixed", vim.api.nvim_buf_get_lines(0, 10, 11, true)[1])

local function ask(method, more)
  local params = { textDocument = vim.lsp.util.make_text_document_params() }
  return client:request_sync(method, vim.tbl_extend("force", params, more or {}), 30000, 0).result
end

local hover = ask("textDocument/hover", { position = { line = 9, character = 5 } })
say("hover", hover.contents.value:match("[^\n]+"))
for _, lens in ipairs(ask("textDocument/codeLens")) do
  say("lens", lens.range.start.line + 1, lens.command.title)
end

vim.cmd.edit("shop/app.py")
wait("the route", function()
  local found = ask("textDocument/definition", { position = { line = 4, character = 30 } })
  if found == nil or found == vim.NIL or #found == 0 then
    return false
  end
  say("defined", found[1].uri:match("shop/[^/]*$") .. ":" .. found[1].range.start.line + 1)
  return true
end)
vim.cmd("qa!")
