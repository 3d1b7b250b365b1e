//! Who is named as holder or culprit, and who is not.
