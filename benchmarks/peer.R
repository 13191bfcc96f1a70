# What the tools of R need for the index of a folder of source packages, in seconds, R's own start not counted.
arguments <- commandArgs(TRUE)
folder <- arguments[[2]]
job <- switch(arguments[[1]],
  write = function() tools::write_PACKAGES(folder, type = "source"),
  update = function() tools::update_PACKAGES(folder, type = "source"),
  "update-lax" = function() tools::update_PACKAGES(folder, type = "source", strict = FALSE)
)
cat(system.time(job(), gcFirst = FALSE)[["elapsed"]], "\n")
