package answers

import (
	"crypto/sha256"
	"encoding/base64"
	"html"
	"mime"
	"net/http"
	"strconv"
	"strings"
)

// style looks like the sites' own, which are behind the service that is away.
const style = `:root{color-scheme:light dark;--ink:#1f2933;--soft:#52606d;--paper:#fff;--ground:#f3f5f7;--line:#d5dbe1;` +
	`--accent:#0f766e;--danger:#b42318;--bad:#fdeceb}` +
	`@media(prefers-color-scheme:dark){:root{--ink:#e6ebf0;--soft:#a8b3bf;--paper:#1b2229;--ground:#12171c;--line:#37424d;` +
	`--accent:#4fb8ad;--danger:#f0857c;--bad:#40201e}}` +
	`body{margin:0;background:var(--ground);color:var(--ink);font:1rem/1.5 system-ui,"DejaVu Sans",sans-serif}` +
	`header{padding:.6rem 1.25rem;background:var(--paper);border-bottom:1px solid var(--line);font-weight:700}` +
	`header span{color:var(--soft);font-weight:400}` +
	`main{max-width:78rem;margin:0 auto;padding:1rem 1.25rem 3rem}h1{font-size:1.5rem;line-height:1.25}a{color:var(--accent)}` +
	`.problem{padding:.6rem .9rem;border-radius:.4rem;border-left:4px solid var(--danger);background:var(--bad)}`

// policy allows that style and nothing else, from nowhere.
var policy = contentPolicy()

func contentPolicy() string {
	sum := sha256.Sum256([]byte(style))
	hash := base64.StdEncoding.EncodeToString(sum[:])
	return "default-src 'none'; style-src 'sha256-" + hash + "'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
}

// administration reports whether a path belongs to the administration site.
func administration(path string) bool {
	return path == "/admin" || strings.HasPrefix(path, "/admin/")
}

// people reports whether a path belongs to the pages where people sign in, allow programs, and see what is theirs.
func people(path string) bool {
	return path == "/account" || strings.HasPrefix(path, "/account/") ||
		path == "/oauth/authorize" || path == "/oauth/authorize/"
}

// wantsPage reports whether a person reads the answer: somebody at one of the sites whose browser takes HTML rather
// than JSON.
func wantsPage(request *http.Request) bool {
	path := request.URL.Path
	if !administration(path) && !people(path) {
		return false
	}
	accept := strings.Join(request.Header.Values("Accept"), ",")
	return quality(accept, "text/html") > quality(accept, "application/json")
}

// quality is the weight, 0 to 1, that an Accept header gives a media type: that of the closest range (RFC 9110 §12.5.1).
func quality(accept string, kind string) float64 {
	ranges := []string{"*/*", strings.SplitN(kind, "/", 2)[0] + "/*", kind}
	closest, weight := -1, 0.0
	for _, part := range strings.Split(accept, ",") {
		found, parameters, err := mime.ParseMediaType(part)
		if err != nil {
			continue
		}
		for place, name := range ranges {
			if name != found || place <= closest {
				continue
			}
			closest, weight = place, 1.0
			if given, err := strconv.ParseFloat(parameters["q"], 64); err == nil {
				weight = given
			}
		}
	}
	return weight
}

// page says in HTML what the JSON says to programs, and sets its headers.
func page(header http.Header, path string, status int) []byte {
	header.Set("Content-Type", "text/html; charset=utf-8")
	header.Set("Content-Security-Policy", policy)
	header.Set("Cache-Control", "no-store")
	header.Set("X-Content-Type-Options", "nosniff")
	title := "That did not work"
	switch status {
	case http.StatusTooManyRequests:
		title = "Too many tries"
	case http.StatusServiceUnavailable:
		title = "Back in a moment"
	}
	site, home := "", `<a href="/account/">To your account</a>`
	if administration(path) {
		site, home = "administration", `<a href="/admin/">To the overview</a>`
	}
	return []byte(`<!doctype html><html lang="en"><head><meta charset="utf-8">` +
		`<meta name="viewport" content="width=device-width, initial-scale=1">` +
		`<title>` + title + ` · Notechondria ` + site + `</title><style>` + style + `</style></head><body>` +
		`<header>Notechondria <span>` + site + `</span></header><main><h1>` + title + `</h1>` +
		`<p class="problem" role="alert">` + html.EscapeString(detail(status)) + `</p>` +
		`<p>` + home + `</p></main></body></html>`)
}
