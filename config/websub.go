package config

import (
	"encoding/base64"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"communique/feeds"
)

// WebhookConfig is a webhook with everything filled in.
type WebhookConfig struct {
	Name, URL, Secret string
	Feed              string     // path of a published feed, "" when Query says it
	Selection         feeds.Feed // when Feed is ""
	Events            []string   // none means all
}

// WebhookConfigs gives the webhooks in the order of the file.
func (c *Config) WebhookConfigs() []WebhookConfig {
	out := make([]WebhookConfig, len(c.Webhooks))
	for i := range c.Webhooks {
		w := &c.Webhooks[i]
		out[i] = WebhookConfig{Name: string(w.Name), URL: string(w.URL), Secret: w.Secret.Reveal(), Feed: w.Feed, Events: texts(w.Events)}
		if q := w.Query.config(); !w.Query.isEmpty() {
			out[i].Feed, out[i].Selection = "", feeds.Feed{Path: "webhook/" + string(w.Name), Query: q}
			if len(q.Languages) == 1 {
				out[i].Selection.Language = q.Languages[0]
			}
		}
	}
	return out
}

func (q *Query) isEmpty() bool {
	return len(q.Regions)+len(q.Countries)+len(q.Topics)+len(q.Events)+len(q.Sources)+len(q.Languages)+len(q.Any) == 0 && len(q.Not) == 0 && q.Words == ""
}

// Subscribes reports whether to subscribe at the hubs of sources: hubs must be
// able to call us at the site's address.
func (c *Config) Subscribes(site Site) bool {
	switch c.WebSub.Subscribe {
	case "on":
		return true
	case "off":
		return false
	}
	u, err := url.Parse(string(site.BaseURL))
	if err != nil || !site.baseGiven {
		return false
	}
	host := strings.ToLower(strings.TrimSuffix(u.Hostname(), "."))
	if ip, err := netip.ParseAddr(host); err == nil {
		return ip.IsGlobalUnicast() && !ip.IsPrivate()
	}
	return publicName(host)
}

// publicName reports whether a host's name, in lower case, may be one that
// everybody's resolvers know.
func publicName(host string) bool {
	if _, err := netip.ParseAddr(host); err == nil || !strings.Contains(host, ".") || strings.ContainsAny(host, "*:/ ") {
		return false
	}
	// Names that no public resolver knows (RFC 6761, RFC 6762, RFC 8375, ICANN's
	// "internal").
	for _, end := range []string{".localhost", ".local", ".internal", ".test", ".example", ".invalid", ".home.arpa", ".lan"} {
		if strings.HasSuffix(host, end) {
			return false
		}
	}
	return true
}

func (l *loader) webSub(w *WebSub) {
	switch {
	case w.MinLease > w.MaxLease && w.At.has("min_lease"):
		l.errorAt(w.At.at("min_lease"), fmt.Sprintf("%s is more than the max_lease of %s", w.MinLease, w.MaxLease))
	case w.MinLease > w.MaxLease:
		w.MinLease = w.MaxLease
	}
	switch {
	case w.Lease > w.MaxLease && w.At.has("lease"):
		l.errorAt(w.At.at("lease"), fmt.Sprintf("%s is more than the max_lease of %s", w.Lease, w.MaxLease))
	case w.Lease < w.MinLease && w.At.has("lease"):
		l.errorAt(w.At.at("lease"), fmt.Sprintf("%s is less than the min_lease of %s", w.Lease, w.MinLease))
	default:
		w.Lease = min(max(w.Lease, w.MinLease), w.MaxLease)
	}
}

// webhooks checks the webhooks.
func (l *loader) webhooks(c *Config, sources, named map[string]place) {
	names := map[string]place{}
	for i := range c.Webhooks {
		w := &c.Webhooks[i]
		l.unique(names, w.At, "name", string(w.Name))
		l.query(&w.Query, w.At.at("query"), sources, 0)
		if w.At.has("feed") && w.At.has("query") {
			l.errorAt(w.At.at("query"), "is given beside feed; give one of the two")
		}
		l.knownFeed(w.At.at("feed"), w.Feed, sources, named)
		secret := w.Secret.Reveal()
		if b64, is := strings.CutPrefix(secret, "whsec_"); is {
			if key, err := base64.StdEncoding.DecodeString(b64); err != nil || len(key) < 16 {
				l.errorAt(w.At.at("secret"), "wants base64 of 16 octets or more behind whsec_") // without the value
			}
		} else if secret != "" && len(secret) < 16 {
			l.errorAt(w.At.at("secret"), "is shorter than 16 octets") // without the value
		}
		for j, e := range w.Events {
			if e != "" && slices.Contains(w.Events[:j], e) {
				l.errorAt(w.At.at("events", j), fmt.Sprintf("%q is in the list already", e))
			}
		}
	}
}
