// Package robots asks hosts by robots.txt which of their pages a robot may read
// (RFC 9309). It is for pages; a feed that an operator configured is meant to be
// read by programs.
package robots

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/temoto/robotstxt"

	"communique/aggregator/fetch"
)

// Options are a Keeper's parts; all but Agent are needed.
type Options struct {
	Fetcher *fetch.Fetcher
	Now     func() time.Time
	Agent   string // the product token that rules are looked up by; "communique"
}

// Keeper remembers what hosts said. It is safe for concurrent use.
type Keeper struct {
	o     Options
	mu    sync.Mutex
	hosts map[string]rules
}

// rules are what a host said; nil allows all.
type rules struct {
	group *robotstxt.Group
	until time.Time
}

// What a host said is believed for a day (RFC 9309 §2.4), a failure for a
// quarter of an hour. So many hosts are remembered at most.
const (
	believed = 24 * time.Hour
	retry    = 15 * time.Minute
	maxHosts = 4096
)

// New makes a Keeper.
func New(o Options) *Keeper {
	if o.Agent == "" {
		o.Agent = "communique"
	}
	return &Keeper{o: o, hosts: map[string]rules{}}
}

// ErrDisallowed is what Allow fails with when the host does not want it.
var ErrDisallowed = errors.New("robots.txt does not allow it")

// Allow gives nil when the page may be read, ErrDisallowed when it may not, and
// the error of the visit when the host's rules cannot be had: then nothing may be
// read for the time being (§2.3.1.4). A host that has none allows all (§2.3.1.3).
func (k *Keeper) Allow(ctx context.Context, page string, networks []netip.Prefix) error {
	u, err := url.Parse(page)
	if err != nil {
		return err
	}
	host := u.Scheme + "://" + u.Host
	r, err := k.rules(ctx, host, networks)
	if err != nil {
		return fmt.Errorf("%s/robots.txt: %w", host, err)
	}
	path := u.EscapedPath()
	if u.RawQuery != "" {
		path += "?" + u.RawQuery
	}
	if path == "" {
		path = "/"
	}
	if r.group != nil && !r.group.Test(path) {
		return fmt.Errorf("%s: %w; ask the publisher, or take the source out", page, ErrDisallowed)
	}
	return nil
}

func (k *Keeper) rules(ctx context.Context, host string, networks []netip.Prefix) (rules, error) {
	now := k.o.Now()
	k.mu.Lock()
	r, ok := k.hosts[host]
	k.mu.Unlock()
	if ok && now.Before(r.until) {
		return r, nil
	}
	got, err := k.o.Fetcher.Get(ctx, fetch.Request{URL: host + "/robots.txt", AllowNetworks: networks})
	var fe *fetch.Error
	r = rules{until: now.Add(believed)}
	switch {
	case err == nil:
		// A page instead of rules is none of them: walls answer like that.
		if !strings.Contains(strings.ToLower(got.ContentType), "html") {
			if all, err := robotstxt.FromBytes(got.Body[:min(len(got.Body), 500<<10)]); err == nil {
				r.group = all.FindGroup(k.o.Agent)
			}
		}
	case errors.As(err, &fe) && fe.Status >= 400 && fe.Status < 500 && fe.Status != http.StatusTooManyRequests:
	case ok: // what it said before stands (§2.4)
		r.group, r.until = k.hosts[host].group, now.Add(retry)
	default:
		return rules{}, err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.hosts) >= maxHosts {
		clear(k.hosts)
	}
	k.hosts[host] = r
	return r, nil
}
