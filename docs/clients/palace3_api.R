# Follow the trial's data from R: reads lists page by page, and later only what changed.
#
#   Sys.setenv(PALACE3_TOKEN = "…")
#   source("palace3_api.R")
#   dm <- palace3_rows("https://trial.example.org", "answers/DM", purpose = "Interim report")
#   later <- palace3_rows("https://trial.example.org", "answers/DM", purpose = "Interim report",
#                         changed_since = attr(dm, "changed_until"))
#
# Each row is a list with the names of the API; attr(…, "changed_until") is what the next call goes on from.
# Needs R 4.1 and jsonlite.

palace3_call <- function(address, token = Sys.getenv("PALACE3_TOKEN")) {
  headers <- c(Authorization = paste("Bearer", token), Accept = "application/json")
  connection <- url(address, headers = headers)
  on.exit(close(connection))
  text <- paste(readLines(connection, encoding = "UTF-8", warn = FALSE), collapse = "\n")
  jsonlite::fromJSON(text, simplifyVector = FALSE)
}

palace3_rows <- function(server, path, ..., token = Sys.getenv("PALACE3_TOKEN")) {
  asked <- Filter(nzchar, utils::modifyList(list(page_size = "500"), list(...)))
  query <- paste(names(asked), vapply(asked, URLencode, "", reserved = TRUE), sep = "=", collapse = "&")
  address <- paste0(sub("/$", "", server), "/api/v1/", path, "/?", query)
  rows <- list()
  until <- NULL
  while (!is.null(address)) {
    page <- palace3_call(address, token)
    if (is.null(until)) until <- page$changed_until
    rows <- c(rows, page$results)
    address <- page$`next`
  }
  attr(rows, "changed_until") <- until
  rows
}
