# How long do TMB's objective and gradient take on the model of coverage.cpp?
# Rscript in_tmb.R arrays.json coverage.cpp folder : prints one line of JSON.
suppressPackageStartupMessages({library(TMB); library(Matrix); library(jsonlite)})
arguments <- commandArgs(trailingOnly = TRUE)
found <- fromJSON(arguments[1])
setwd(arguments[3])
file.copy(arguments[2], "coverage.cpp", overwrite = TRUE)
compile("coverage.cpp", flags = "-O2")
dyn.load(dynlib("coverage"))
n <- found$areas; quarters <- found$quarters; sources <- length(found$bias_sd); columns <- ncol(found$design)
data <- list(
  design = found$design,
  icar = sparseMatrix(i = found$icar_i + 1, j = found$icar_j + 1, x = found$icar_x, dims = c(n, n)),
  quarters = quarters, centre = found$centre,
  area1 = found$area1, quarter1 = found$quarter1, doses1 = found$doses1, log_complete1 = found$log_complete1,
  area3 = found$area3, quarter3 = found$quarter3, doses3 = found$doses3, log_complete3 = found$log_complete3,
  level_seen = found$level, years = found$years, known = found$known, mixing = found$mixing,
  bias_sd = found$bias_sd, cluster_area = found$cluster_area, cluster_first = found$cluster_first,
  cluster_last = found$cluster_last, children = found$children, found1 = found$found1, found3 = found$found3)
start <- list(
  b1 = rep(0, columns), b3 = rep(0, columns), a3 = 0.3, u1 = rep(0, n), v1 = rep(0, n), u3 = rep(0, n),
  v3 = rep(0, n), ur = rep(0, n), vr = rep(0, n), walk1 = rep(0, quarters), walk3 = rep(0, quarters),
  path1 = matrix(0, quarters, n), path3 = matrix(0, quarters, n), m = rep(found$centre, n), g = rep(0.03, n),
  growth = 0.03, bias = rep(0, sources), rho0 = 0, recording = rep(0, n), log_sd = log(c(.7, .4, .15)),
  logit_share = rep(0, 3), log_walk = log(c(.08, .05)), log_path = log(c(.25, .15)), memory = c(1.6, 1.6),
  log_source = rep(log(.2), sources), log_scatter = rep(log(18), 2), completeness = 2.2, late = -0.5,
  logit_icc = -2.9)
outer <- c("log_sd", "logit_share", "log_walk", "log_path", "memory", "log_source", "log_scatter",
           "completeness", "late", "logit_icc")
inside <- setdiff(names(start), outer)
# Of the processor: other work on the machine makes the clock slower, not the model.
seconds <- function(work, times) {
  work()
  took <- system.time(for (i in 1:times) work())
  as.numeric(took["user.self"] + took["sys.self"]) / times
}
joint <- MakeADFun(data, start, DLL = "coverage", silent = TRUE)
at <- joint$par
joint_seconds <- seconds(function() {joint$fn(at); joint$gr(at)}, 5)
laplace <- MakeADFun(data, start, random = inside, DLL = "coverage", silent = TRUE)
# The inner mode is found once; what is timed is a step of the outer search beside it.
laplace$fn(laplace$par)
number <- 0
laplace_seconds <- seconds(function() {
  number <<- number + 1
  moved <- laplace$par + 0.01 * (-1)^number
  laplace$fn(moved); laplace$gr(moved)
}, 3)
cat(toJSON(list(joint = joint_seconds, laplace = laplace_seconds, value = joint$fn(at), size = length(at)),
           auto_unbox = TRUE, digits = 10), "\n")
