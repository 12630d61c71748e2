# What R says of the data that the tests of protocol/statistics use.
#
#   Rscript reference.R data            writes data/NAME.json beside each data/NAME.csv
#   Rscript reference.R FOLDER public   first writes public data sets of R into FOLDER as CSV
#
# Needs the package survival; Gray's test and Aalen's variance only where cmprsk is there too. Made with R 4.2.2, survival 3.5-3
# and cmprsk 2.2-11.
suppressMessages(library(survival))
has_cmprsk <- requireNamespace("cmprsk", quietly = TRUE)
arguments <- commandArgs(trailingOnly = TRUE)
folder <- arguments[1]

number <- function(x) ifelse(is.na(x) | is.nan(x) | is.infinite(x), "null", sprintf("%.17g", x))
list_of <- function(x) paste0("[", paste(number(as.numeric(x)), collapse = ","), "]")
text <- function(x) paste0("\"", x, "\"")
object <- function(pairs) paste0("{", paste(paste0(text(names(pairs)), ":", unlist(pairs)), collapse = ","), "}")

public <- function() {
  keep <- function(name, time, event, group, stratum) {
    rows <- data.frame(time = time, event = as.integer(event), group = group, stratum = stratum)
    rows <- rows[complete.cases(rows), ]
    write.csv(cbind(id = seq_len(nrow(rows)), rows), file.path(folder, paste0(name, ".csv")), row.names = FALSE, quote = FALSE)
  }
  with(lung, keep("lung", time, status - 1, sex, ph.ecog))
  with(subset(colon, etype == 2), keep("colon", time, status, rx, node4))
  with(pbc, keep("pbc", time, status == 2, trt, edema))
  with(ovarian, keep("ovarian", futime, fustat, rx, resid.ds))
  with(kidney, keep("kidney", time, status, sex, disease))
  with(subset(bladder, enum == 1), keep("bladder", stop, event, rx, number))
  with(rotterdam, keep("rotterdam", dtime, death, hormon, size))
  with(mgus2, keep("mgus2", ifelse(pstat == 0, futime, ptime), ifelse(pstat == 0, 2 * death, 1), sex, age > 70))
  with(pbc, keep("pbc_transplant", time, ifelse(status == 0, 0, 3 - status), trt, edema))
}

curves <- function(rows, groups, scale) {
  parts <- lapply(groups, function(g) {
    f <- survfit(Surv(time, event > 0) ~ 1, data = rows[rows$group == g, ], conf.type = scale)
    row <- summary(f)$table
    object(list(
      time = list_of(f$time), n_risk = list_of(f$n.risk), n_event = list_of(f$n.event), n_censor = list_of(f$n.censor),
      survival = list_of(f$surv), se = list_of(f$surv * f$std.err), lower = list_of(f$lower), upper = list_of(f$upper),
      median = list_of(row[c("median", "0.95LCL", "0.95UCL")])
    ))
  })
  names(parts) <- groups
  object(parts)
}

follow_up <- function(rows, groups) {
  parts <- lapply(groups, function(g) {
    f <- survfit(Surv(time, event == 0) ~ 1, data = rows[rows$group == g, ], conf.type = "log-log")
    list_of(summary(f)$table[c("median", "0.95LCL", "0.95UCL")])
  })
  names(parts) <- groups
  object(parts)
}

rmst <- function(rows, groups, tau) {
  parts <- lapply(groups, function(g) {
    f <- survfit(Surv(time, event > 0) ~ 1, data = rows[rows$group == g, ])
    list_of(survival:::survmean(f, rmean = tau)$matrix[c("rmean", "se(rmean)")])
  })
  names(parts) <- groups
  object(c(list(tau = number(tau)), parts))
}

tested <- function(fit) list_of(c(fit$chisq, fit$df_, pchisq(fit$chisq, fit$df_, lower.tail = FALSE)))
log_rank <- function(formula, rows) {
  fit <- survdiff(formula, data = rows)
  expected <- if (is.matrix(fit$exp)) rowSums(fit$exp) else fit$exp
  fit$df_ <- sum(expected > 0) - 1
  tested(fit)
}

cox <- function(formula, rows, ties) {
  fit <- coxph(formula, data = rows, ties = ties, control = coxph.control(eps = 1e-14, toler.chol = 1e-15, iter.max = 100))
  size <- length(levels(rows$group)) - 1
  object(list(
    log_ratio = list_of(coef(fit)[1:size]), se = list_of(sqrt(diag(fit$var))[1:size]), log_likelihood = list_of(fit$loglik)
  ))
}

incidence <- function(rows, groups) {
  causes <- sort(unique(rows$event[rows$event > 0]))
  ours <- if (has_cmprsk) cmprsk::cuminc(rows$time, rows$event, rows$group)
  parts <- list()
  for (g in groups) {
    of_group <- rows[rows$group == g, ]
    f <- survfit(Surv(time, factor(event, 0:max(causes))) ~ 1, data = of_group)
    here <- if (has_cmprsk) cmprsk::timepoints(ours, f$time)
    for (k in causes) {
      said <- list(time = list_of(f$time), estimate = list_of(f$pstate[, 1 + k]), se = list_of(f$std.err[, 1 + k]))
      if (has_cmprsk) said$aalen <- list_of(sqrt(here$var[paste(g, k), as.character(f$time)]))
      parts[[paste(g, k)]] <- object(said)
    }
  }
  object(parts)
}

gray <- function(rows, strata) {
  found <- cmprsk::cuminc(rows$time, rows$event, rows$group, strata)$Tests
  parts <- lapply(rownames(found), function(k) list_of(found[k, c("stat", "df", "pv")]))
  names(parts) <- rownames(found)
  object(parts)
}

answers <- function(rows) {
  rows$group <- factor(rows$group)
  groups <- levels(rows$group)
  any <- Surv(rows$time, rows$event > 0)
  tau <- min(tapply(rows$time, rows$group, max))
  parts <- list(
    "log-log" = curves(rows, groups, "log-log"), "log" = curves(rows, groups, "log"), "plain" = curves(rows, groups, "plain"),
    follow_up = follow_up(rows, groups), rmst = rmst(rows, groups, tau),
    logrank = log_rank(any ~ group, rows), logrank_stratified = log_rank(any ~ group + strata(stratum), rows),
    cox = cox(any ~ group, rows, "efron"), cox_stratified = cox(any ~ group + strata(stratum), rows, "efron"),
    cox_breslow = cox(any ~ group, rows, "breslow")
  )
  if (max(rows$event) > 1) {
    parts$incidence <- incidence(rows, groups)
    if (has_cmprsk) parts$gray <- gray(rows, rep(1, nrow(rows)))
    if (has_cmprsk) parts$gray_stratified <- gray(rows, rows$stratum)
  }
  object(parts)
}

if ("public" %in% arguments) public()
for (file in sort(list.files(folder, pattern = "[.]csv$", full.names = TRUE))) {
  rows <- read.csv(file)
  writeLines(answers(rows), sub("[.]csv$", ".json", file))
}
