# Numbers of test_estimation.py that come from R: 4.2.2 with survey 4.1.1, 2026-12-01.
# First: python -c "from tests.surveys.samples import villages; villages().to_csv('villages.csv', index=False)"
library(survey)
options(digits = 13, survey.lonely.psu = "adjust")
v <- read.csv("villages.csv")
v$girl <- v$girl == "True"
v$far <- v$far == "True"
d <- svydesign(id = ~cluster, strata = ~stratum, weights = ~weight, data = v, nest = TRUE)
show <- function(...) cat(formatC(unlist(list(...)), digits = 12, format = "g"), "\n")
mean_of <- function(formula, design) { m <- svymean(formula, design); show(coef(m), SE(m), degf(design)) }
mean_of(~dose, d)
mean_of(~written, subset(d, !is.na(written)))
mean_of(~dose, subset(d, girl))
mean_of(~dose, subset(d, far))
show(confint(svyciprop(~dose, d, method = "logit")))
r <- svyratio(~dose, ~visits, d)
show(coef(r), SE(r))
k <- svycontrast(svyby(~dose, ~girl, d, svymean, covmat = TRUE), c(-1, 1))
show(coef(k), SE(k))
for (design in list(d, subset(d, girl))) {
  x <- svychisq(~dose + wealth, design, statistic = "F")
  show(x$statistic, x$parameter, x$p.value)
}
options(survey.lonely.psu = "certainty")
mean_of(~dose, d)
