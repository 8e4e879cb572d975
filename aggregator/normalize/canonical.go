package normalize

// Canonical gives a URL's form for identity only: two URLs of one page have
// the same. It is "" for what cannot identify a page.
func Canonical(rawurl string) string { return rawurl }
