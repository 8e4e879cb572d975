package fetch

import (
	"bytes"
	"net/http"
	"strings"
)

// mostWall is how much of a refusal's body is looked at for the name of a wall.
const mostWall = 32 << 10

// wall names the bot wall that gave this answer, "" when it is none that we
// know. It is recognised to be reported, never to be got round. body may be
// the beginning only; it matters for HTML alone, so that a statement about
// such walls in a feed is none.
func wall(h http.Header, status int, body []byte) string {
	has := func(name, value string) bool {
		return strings.Contains(strings.ToLower(h.Get(name)), value)
	}
	switch {
	case has("Cf-Mitigated", "challenge"):
		return "Cloudflare"
	case has("X-Vercel-Mitigated", "challenge"), has("X-Vercel-Mitigated", "deny"):
		return "Vercel"
	case has("X-Amzn-Waf-Action", "challenge"), has("X-Amzn-Waf-Action", "captcha"):
		return "AWS WAF"
	}
	if !has("Content-Type", "html") {
		return ""
	}
	body = bytes.ToLower(body[:min(len(body), mostWall)])
	// These stand in pages of the wall only, at any status: Anubis says 200.
	for _, m := range [...]struct{ name, mark string }{
		{"Anubis", "/.within.website/x/cmd/anubis"},
		{"Anubis", "anubis_challenge"},
		{"Cloudflare", "/cdn-cgi/challenge-platform/h/"},
		{"DataDome", "captcha-delivery.com"},
		{"Imperva", "_incapsula_resource"},
		{"go-away", "/.well-known/.git.gammaspectra.live/"},
	} {
		if bytes.Contains(body, []byte(m.mark)) && (status != http.StatusOK || len(body) < mostWall/2) {
			return m.name
		}
	}
	if status < 400 {
		return ""
	}
	switch {
	case has("Server", "cloudflare") && (bytes.Contains(body, []byte("just a moment...")) || bytes.Contains(body, []byte("attention required!"))):
		return "Cloudflare"
	case h.Get("X-Sucuri-Block") != "", has("Server", "sucuri"):
		return "Sucuri"
	case has("Server", "akamaighost") && bytes.Contains(body, []byte("access denied")):
		return "Akamai"
	case h.Get("X-Datadome") != "":
		return "DataDome"
	}
	return ""
}
