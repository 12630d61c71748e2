# What R's nlme says of scores.tsv: Rscript reference_scores.R scores.tsv. Made with R 4.2.2, nlme 3.1-162.
library(nlme)
rows <- read.delim(commandArgs(trailingOnly = TRUE)[1])
rows$cell <- interaction(rows$group, rows$time_point)
rows$centred <- rows$baseline - mean(tapply(rows$baseline, rows$participant, function(each) each[1]))
fit <- lme(value ~ 0 + cell + centred, random = ~ 1 | participant, data = rows, method = "REML",
           control = lmeControl(tolerance = 1e-12, msTol = 1e-14, maxIter = 200, msMaxIter = 200, opt = "optim", reltol = 1e-14))
options(digits = 12)
print(summary(fit)$tTable[, 1:2])
print(as.numeric(VarCorr(fit)[, 1]))
