words <- c(en = "Welcome", es = "Bienvenida", fr = "Bienvenue")

# Words of welcome for `name`, in one of the languages of `words`.
welcome <- function(name, language = "en") {
  paste0(words[[language]], ", ", name)
}
