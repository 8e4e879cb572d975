package config

import (
	"crypto/sha256"

	"communique/aggregator/schedule"
	"communique/aggregator/tag"
)

// Config is the whole of communique.yaml: one document of YAML. Only `sources` must be given. Every
// path in it is relative to the file that it stands in.
//
// In any text, ${NAME} is replaced by the environment variable NAME, which must
// be set; write $${ for a plain ${. Where a value may be a secret, file:PATH
// takes it from a file. Anchors, aliases and merge keys work within a file, and
// top-level keys that begin with x- are left alone, so that there is a place to
// anchor things.
type Config struct {
	// Other files to read as if they stood here: paths, or patterns with * and ?.
	// Their lists of sources, feeds and removed feeds are added in order; any other section may
	// be given by one file only. A path must exist; a pattern may match nothing,
	// but its folder must exist. Included files may include more; each file is
	// read once.
	Include []string `yaml:"include" example:"[packs/*.yaml, offices/americas.yaml]"`

	// Lists of subscriptions (OPML 2.0) that somebody else keeps, whose feeds are
	// sources here as long as they stand there: an address, a file, or a section,
	// one or several. See there.
	IncludeOPML Lists `yaml:"include_opml" near:"opml opml_url include_list lists" example:"https://example.org/offices.opml"`

	// How the published feeds and the site call themselves.
	Site Site `yaml:"site"`

	// Address of the public listener: feeds and site. Host and port;
	// with an empty host it listens on every interface, which a public service
	// usually does behind a proxy that ends TLS.
	Listen Address `yaml:"listen" default:"127.0.0.1:8080" example:":8080"`

	// TLS for the public listener, when no proxy does it.
	TLS TLS `yaml:"tls" near:"https ssl certificate"`

	// Address of the admin listener: health, status, profiles, backup. On loopback
	// everybody on the machine may ask it; anywhere else it must have `admin_token`
	// or the `client_ca` of `admin_tls`. /livez and /readyz answer without, for
	// probes. `off` for none.
	Admin AdminAddress `yaml:"admin" default:"127.0.0.1:8081" example:"off"`

	// What the admin listener must be told, on loopback too: as a bearer token or
	// as the password of any user (HTTP Basic). At least 16 letters, digits and
	// signs without spaces. The commands that ask the service read it from here.
	// Changes with a reload.
	AdminToken Secret `yaml:"admin_token" near:"admin_password admin_secret admin_key" example:"${COMMUNIQUE_ADMIN_TOKEN}"`

	// TLS for the admin listener.
	AdminTLS AdminTLS `yaml:"admin_tls" near:"admin_ssl admin_https"`

	// Whether to read the configuration again when one of its files changes, also
	// by a link that leads to another file (Kubernetes). Where it is wrong, the old
	// one stays. `communique reload` and SIGHUP do it too.
	Watch bool `yaml:"watch" default:"true" near:"reload auto_reload watch_files" example:"false"`

	// Where statements are kept.
	Storage Storage `yaml:"storage"`

	// How sources are asked: manners and limits, for all sources together.
	Fetch Fetch `yaml:"fetch"`

	// What holds for a source that does not say otherwise.
	Defaults Defaults `yaml:"defaults"`

	// The offices' feeds. The key must stand in one of the files, as `[]` when
	// there is no source yet.
	Sources []Source `yaml:"sources"`

	// Feeds of your own choice, beside those made for every region, country,
	// topic, event and source.
	Feeds []Feed `yaml:"feeds"`

	// Names of feeds of your own that there were and are no more. Their addresses
	// answer 410, so that readers stop asking; those of a feed that is only taken
	// out of `feeds` answer 404, which may be a mistake. For a feed that has
	// another name now, see `was`.
	Removed []ID `yaml:"removed" near:"removed_feeds gone deleted" example:"[harbour-2024]"`

	// The API for programs, /api/v1.
	API API `yaml:"api"`

	// Your own regions, countries, topics and events, and changes to the built-in
	// ones.
	//
	//	taxonomy:
	//	  topics:
	//	    - id: harbour-safety
	//	      labels: {en: Harbour safety, fr: Sécurité des ports}
	//	      patterns:
	//	        en: [harbour safety, safe harbour*]
	//	        fr: [sécurité du port]
	Taxonomy tag.Taxonomy `yaml:"taxonomy" near:"rules tags"`

	// When texts that are not equal are one statement, and what you know better.
	Dedup Dedup `yaml:"dedup" near:"likeness matching duplicates deduplication"`

	// When texts in two languages are one statement.
	Link Link `yaml:"link" near:"links translations linking"`

	// Pages of other sites that show our feeds in a frame (/embed/…).
	Embeds Embeds `yaml:"embeds" near:"embed embedding widgets partners"`

	// News the moment they come, both ways: a hub that tells those who subscribed
	// to our feeds, and our own subscriptions at the hubs of sources.
	WebSub WebSub `yaml:"websub" near:"push hub pubsubhubbub"`

	// Addresses of yours that are told of every statement, or of incidents, signed.
	Webhooks []Webhook `yaml:"webhooks" near:"webhook hooks notify callbacks"`

	// What is kept in memory so that a feed or page need not be made for each reader.
	Cache Cache `yaml:"cache" near:"caching memory"`

	// Open connections that statements are sent to as they come.
	Stream Stream `yaml:"stream" near:"streams sse events"`

	// What takes how long, told to an OpenTelemetry collector.
	Traces Traces `yaml:"traces" near:"tracing otel opentelemetry otlp telemetry"`

	// How long statements are kept.
	Retain Retain `yaml:"retain" near:"retention keep expire"`

	// The other nodes.
	Cluster later `yaml:"cluster"`

	// Files are all files that were read, the main one first: what to watch for
	// a reload.
	Files []string `yaml:"-"`

	sources []SourceConfig
	lists   []ListConfig
	feeds   []FeedConfig
	pins    []PinConfig
	embeds  EmbedsConfig
	tagger  func() *tag.Tagger
	written [sha256.Size]byte // of the files' text
}

// Retain says how long statements are kept: for ever, when nothing is written.
//
//	sources: []
//	retain: {age: 730d}
type Retain struct {
	// Age from which a statement is taken out of the store: the time since its
	// publication, its last change and the arrival of its last copy, whichever was
	// last. At least `dedup.window`. What a published feed still shows stays,
	// however old it is. What is taken out leaves pages, archives and search, and
	// does not come back when a source says it again; readers are not told to remove
	// it. The daemon looks once a day; `communique expire --dry-run` shows what it
	// would take. Default: no age, all is kept.
	Age Duration `yaml:"age" near:"days max_age time for" example:"730d"`

	At place `yaml:"-"`
}

// List is a living list: its feeds are sources as long as they stand in it. The
// daemon asks for it again and again, with the manners that sources are asked
// with, and keeps the last good copy in the folder of the store, by which it
// starts when the list cannot be had. A source that leaves the list is asked no
// longer; what it has said stays. A list that cannot be read, is cut short or
// has no feed in it changes nothing in a daemon that runs; a `file` of this
// machine must be whole when one starts, like every file of the configuration.
// The id of each source is made of its address, so it is the same in every
// order; one that stands in `sources` too is that one. `defaults` hold, but for its `headers`: they may be secrets, and
// somebody else says where the list leads.
//
//	include_opml:
//	  - name: regions
//	    url: https://hq.example.org/regions.opml
//	    every: 1h
//	    regions: [americas]
//	  - https://partners.example.org/feeds.opml
type List struct {
	// Name of the list, shown with its sources. Default: its host, or its file.
	Name ID `yaml:"name" near:"id title" example:"regions"`

	// Address of the list: http or https. It may be a secret: pages and logs show
	// it without its query. Excludes `file`.
	URL Secret `yaml:"url" near:"address href xml_url" example:"https://hq.example.org/regions.opml"`

	// File of the list, which is read again when it changes. Excludes `url`.
	File Path `yaml:"file" near:"path" example:"partners.opml"`

	// How often to ask for it.
	Every Duration `yaml:"every" default:"6h" min:"5m" near:"schedule interval refresh" example:"1h"`

	// Headers to send with the question for the list, and not to its sources.
	Headers Headers `yaml:"headers" example:"{Authorization: 'Bearer ${LIST_TOKEN}'}"`

	// Networks (CIDR) or addresses that the list may be on although they are not
	// public, besides `fetch.allow_networks`. Its sources may not.
	AllowNetworks []Network `yaml:"allow_networks" example:"[10.20.0.0/16]"`

	// Language of its sources' items that do not say theirs, where the list does
	// not say it.
	Language Language `yaml:"language" near:"lang" example:"es"`

	// Regions for statements whose text names no place, where the list does not say
	// them.
	Regions []Term `yaml:"regions" example:"[americas]"`

	// Topics that every statement gets, where the list does not say them.
	Topics []Term `yaml:"topics" near:"tags" example:"[health]"`

	// When its sources are asked; see `defaults.schedule`.
	Schedule Rhythm `yaml:"schedule" example:"@hourly"`

	// Which copy leads when two are equally good: the higher number.
	Priority *int `yaml:"priority" min:"-100" max:"100" example:"-10"`

	At place `yaml:"-"`
}

// Site is how the published feeds and the site call themselves.
type Site struct {
	// Title of the site and of the feed of everything.
	Title string `yaml:"title" default:"Communiqué" example:"Statements of the Harbour offices"`

	// A line below the title.
	Subtitle string `yaml:"subtitle" example:"What our 40 offices say, each statement once"`

	// The address that readers use, without a path's last slash. It stands in
	// every feed and link, so set it before anybody subscribes. Default: http://
	// and the address of `listen`.
	BaseURL URL `yaml:"base_url" example:"https://news.example.org"`

	// Who mints the ids of entries (RFC 4151): a domain name or mail address that
	// you hold, a comma, and a date on which you held it. It is part of every
	// entry's id: when it changes, every reader sees every statement as new. So
	// set it once and keep it, also when the site moves. Default: the host of
	// `base_url` and 2026.
	Authority Authority `yaml:"authority" example:"example.org,2026"`

	// Language of what is ours in feeds: titles, labels of tags (BCP 47). Pages are
	// in the reader's language, of English, French, Spanish, Portuguese and Arabic,
	// and in this one when the reader likes none of them.
	Language Language `yaml:"language" default:"en" example:"fr"`

	// Languages to offer to readers first, in this order. Statements in other
	// languages are published all the same. Default: those that there are
	// statements in.
	Languages []Language `yaml:"languages" example:"[en, fr, es]"`

	// Who publishes the merged feeds: the author of feeds whose entries name none.
	Author string `yaml:"author" example:"Harbour press office"`

	// Page of the author.
	AuthorURL URL `yaml:"author_url" example:"https://example.org/press"`

	// Rights of the merged feeds as collections; each entry keeps its own.
	Rights string `yaml:"rights" example:"Texts belong to the offices that published them."`

	At place `yaml:"-"`

	baseGiven, authorityGiven bool
	secure                    bool // the public listener speaks TLS
}

// TLS is a certificate for the public listener: of your own, in files that are
// read again when they change, or got and renewed by ACME. Renewing needs no
// restart; a change of this section does.
//
//	sources:
//	  - {id: harbour, url: https://harbour.example/rss.xml}
//	site: {base_url: https://news.example.org}
//	listen: :443
//	tls:
//	  redirect: :80
//	  acme: {email: press@example.org}
type TLS struct {
	// File of the certificate and those between it and its root (PEM).
	Cert Path `yaml:"cert" near:"certificate crt chain" example:"/etc/communique/tls.crt"`

	// File of the certificate's key (PEM).
	Key Path `yaml:"key" near:"private_key" example:"/etc/communique/tls.key"`

	// A certificate from an authority that speaks ACME (RFC 8555). Excludes `cert`.
	ACME ACME `yaml:"acme" near:"letsencrypt autocert"`

	// Address of a plain listener that sends readers on to `base_url`, and answers
	// the authority's http-01 challenges. Default: none.
	Redirect Address `yaml:"redirect" near:"http redirect_http" example:":80"`

	At place `yaml:"-"`
}

// On reports whether the public listener speaks TLS.
func (t TLS) On() bool { return t.Cert != "" || t.ACME.Hosts != nil }

// ACME gets certificates by itself. By giving this section you accept the
// authority's terms. It must be able to reach `listen` at port 443 (tls-alpn-01), or
// `redirect` at port 80 (http-01). Keys are kept in the folder acme beside the store.
type ACME struct {
	// Address that the authority writes to when a certificate is about to end.
	Email string `yaml:"email" near:"mail contact" example:"press@example.org"`

	// Names to get certificates for. Default: the host of `base_url`.
	Hosts []string `yaml:"hosts" near:"host domains names" example:"[news.example.org]"`

	// The authority's directory. Default: that of Let's Encrypt.
	Directory URL `yaml:"directory" near:"ca server directory_url" example:"https://ca.example.org/acme/directory"`

	At place `yaml:"-"`
}

// AdminTLS is TLS for the admin listener. The files of the certificate are read
// again when they change.
type AdminTLS struct {
	// File of the certificate (PEM).
	Cert Path `yaml:"cert" near:"certificate crt chain" example:"/etc/communique/admin.crt"`

	// File of the certificate's key (PEM).
	Key Path `yaml:"key" near:"private_key" example:"/etc/communique/admin.key"`

	// File of the authorities (PEM) whose certificates let in those who show one.
	// They need no token then; the commands that ask the service do, so give
	// `admin_token` too.
	ClientCA Path `yaml:"client_ca" near:"ca clients" example:"/etc/communique/admin-clients.crt"`

	At place `yaml:"-"`
}

// API is the API for programs.
type API struct {
	// How often one reader may ask the API: a number for each second (s), minute
	// (m), hour (h) or day (d), also all at once; `off` for any number. A reader is
	// an IPv4 address or the /64 of an IPv6 address. Who asks more gets 429. Feeds
	// and pages are not limited.
	Rate Rate `yaml:"rate" default:"300/m" near:"limit rate_limit requests quota" example:"1000/h"`

	// Networks (CIDR) or addresses of your own proxies, or of your CDN's. What they
	// say of whom a request comes from (Forwarded, X-Forwarded-For) is believed;
	// nobody else's is. Behind a proxy that is not named here all readers are one.
	TrustedProxies []Network `yaml:"trusted_proxies" near:"proxies proxy trusted" example:"[127.0.0.1, 10.20.0.0/16]"`
}

// Storage is where statements are kept.
type Storage struct {
	// Folder of the store; made when it is not there. One process at a time may
	// use it. The file communique.db in it is the one to back up. The flag --data
	// overrides it.
	Dir Path `yaml:"dir" default:"data" near:"path directory data" example:"/var/lib/communique"`

	// Copies of the store that the daemon makes by itself.
	Backup Backup `yaml:"backup" near:"backups"`
}

// Backup is copies of the store that the daemon makes by itself, while it goes on
// pulling and publishing. Each is checked before it gets its name,
// communique-20261128T030000Z.db, and `communique restore` takes it. One that was
// due while the daemon was down is made at the start.
//
//	sources: []
//	storage:
//	  backup: {dir: /mnt/backup/communique, schedule: "0 3 * * *", keep: 14}
type Backup struct {
	// Folder of the copies, best on another disk; made when it is not there. Without
	// it none are made.
	Dir Path `yaml:"dir" near:"path directory to" example:"/mnt/backup/communique"`

	// When to make one: a cron expression of five fields, in UTC, `@every` with a
	// duration, `@hourly`, `@daily`, `@weekly` or `@monthly`.
	Schedule Rhythm `yaml:"schedule" default:"@daily" near:"every interval cron when" example:"0 3 * * *"`

	// How many copies to keep. When a new one is there, the oldest are removed; other
	// files in the folder are left alone.
	Keep int `yaml:"keep" default:"7" min:"1" max:"10000" near:"count rotate rotation max" example:"14"`

	At place `yaml:"-"`

	when schedule.Schedule
}

// Fetch is how sources are asked.
type Fetch struct {
	// What we call ourselves to origins, in place of "communique/VERSION
	// (+base_url; contact)".
	UserAgent string `yaml:"user_agent" near:"agent ua" example:"ExampleNews/2 (+https://example.org/bot)"`

	// A mail address or page for origins that want to reach you; stands in the
	// user agent. Please give one: walls open for robots that can be talked to.
	Contact string `yaml:"contact" example:"press@example.org"`

	// Longest time for one visit, redirects and body included.
	Timeout Duration `yaml:"timeout" default:"30s" min:"100ms" example:"1m"`

	// Largest body of a feed after decompression.
	MaxBody Bytes `yaml:"max_body" default:"16MiB" min:"1KiB" near:"max_size limit" example:"4MiB"`

	// Largest body on the wire, before decompression.
	MaxWire Bytes `yaml:"max_wire" default:"8MiB" min:"1KiB" example:"2MiB"`

	// Redirects to follow in one visit.
	MaxRedirects int `yaml:"max_redirects" default:"10" min:"0" max:"20"`

	// Visits at the same time, over all hosts.
	Workers int `yaml:"workers" default:"16" min:"1" max:"1000" near:"concurrency parallel threads"`

	// Visits at the same time to one host.
	PerHost int `yaml:"per_host" default:"2" min:"1" max:"16"`

	// Shortest time between the starts of two visits to one host.
	Gap Duration `yaml:"gap" default:"1s" near:"delay pause" example:"5s"`

	// Networks (CIDR) or addresses that sources may be on although they are not
	// public. Without it, loopback, private and link-local addresses are refused
	// at the moment of connecting, whatever a name or a redirect says.
	AllowNetworks []Network `yaml:"allow_networks" example:"[10.20.0.0/16]"`

	// Proxy for all visits: http, https or socks5 URL. The check of networks is
	// then the proxy's business. May be a secret. Default: none; the environment's
	// HTTP_PROXY is not looked at.
	Proxy Secret `yaml:"proxy" example:"http://proxy.example.org:3128"`

	At place `yaml:"-"`
}

// Defaults is what holds for a source that does not say otherwise.
type Defaults struct {
	// When to ask: `adaptive` (learns each source's rhythm, between `floor` and
	// `ceiling`), `@every` with a duration, a cron expression of five fields
	// (minute, hour, day of month, month, day of week), `@hourly`, `@daily`,
	// `@weekly` or `@monthly`. What the publisher asks (Cache-Control, ttl,
	// skipHours, Retry-After) is obeyed besides, and only ever makes it later.
	Schedule Rhythm `yaml:"schedule" default:"adaptive" near:"every interval cron refresh period update" example:"@every 15m"`

	// Shortest time between two visits to a source, whatever else suggests an
	// earlier one. A schedule that asks more often is an error when a floor is
	// written, and lowers it when none is.
	Floor Duration `yaml:"floor" min:"1s" default:"5m" near:"min_interval" example:"10m"`

	// Longest time between two visits to a source, whatever the publisher asks,
	// except for an answer that says when to come back (Retry-After).
	Ceiling Duration `yaml:"ceiling" min:"1s" default:"24h" near:"max_interval" example:"12h"`

	// Time zone of cron expressions (IANA name).
	TimeZone Zone `yaml:"time_zone" default:"UTC" near:"tz timezone zone" example:"America/Panama"`

	// Language of items that do not say theirs (BCP 47). Default: found out from
	// the text.
	Language Language `yaml:"language" near:"lang" example:"es"`

	// Regions, by their slugs, for statements whose text names no place.
	Regions []Term `yaml:"regions" example:"[americas]"`

	// Topics, by their slugs, that every statement gets.
	Topics []Term `yaml:"topics" near:"tags categories" example:"[protection]"`

	// Which copy of a statement leads when two are equally good: that of the
	// source with the higher number.
	Priority int `yaml:"priority" default:"0" min:"-100" max:"100" example:"10"`

	// Headers to send besides our own. A value may be a secret. Those that we
	// manage (Host, If-None-Match, Accept-Encoding, …) are refused.
	Headers Headers `yaml:"headers" example:"{Accept-Language: fr}"`

	At place `yaml:"-"`
}

// Source is an office's feed. It needs `id` and `url`; what it leaves out is as
// in `defaults`, a list of its own takes the place of the default list, and
// headers are added to the default ones.
//
//	sources:
//	  - id: harbour-fr
//	    url: https://harbour.example/fr/rss.xml
//	    title: Harbour office (French)
//	    language: fr
//	    regions: [europe]
//	    schedule: "@every 20m"
//	    headers: {Authorization: "file:secrets/harbour"}
//	    verified: 2026-10-02
//	    terms: reuse with credit
//	    credit: Harbour office
type Source struct {
	// Name of the source for ever: 1 to 63 of a-z, 0-9 and -. It is part of
	// addresses and of what is stored, so never use it again for another source,
	// and keep it when the URL changes.
	ID ID `yaml:"id" required:"true" example:"un-news-fr"`

	// Address of the feed: http or https. It is published with each statement as
	// its origin, so a password has no place in it; see `headers`. No two sources
	// have one address, unless one sends headers of its own.
	URL URL `yaml:"url" required:"true" near:"feed link href xml_url rss" example:"https://news.example.org/fr/rss.xml"`

	// Name shown for the source. Default: the feed's own title.
	Title string `yaml:"title" near:"name label" example:"UN News in French"`

	// Home page shown for the source. Default: the feed's own link.
	Site URL `yaml:"site" near:"home html_url homepage" example:"https://news.example.org/fr/"`

	// Language of items that do not say theirs (BCP 47).
	Language Language `yaml:"language" near:"lang" example:"fr"`

	// When to ask; see `defaults.schedule`.
	Schedule Rhythm `yaml:"schedule" near:"every interval cron refresh period update" example:"*/20 * * * *"`

	// Time zone of the cron expression (IANA name).
	TimeZone Zone `yaml:"time_zone" near:"tz timezone zone" example:"Europe/Paris"`

	// Shortest time between two visits.
	Floor Duration `yaml:"floor" min:"1s" near:"min_interval" example:"30m"`

	// Longest time between two visits.
	Ceiling Duration `yaml:"ceiling" min:"1s" near:"max_interval" example:"6h"`

	// Regions for statements whose text names no place.
	Regions []Term `yaml:"regions" example:"[africa]"`

	// Topics that every statement of the source gets.
	Topics []Term `yaml:"topics" near:"tags categories" example:"[health]"`

	// Which copy leads when two are equally good: the higher number.
	Priority *int `yaml:"priority" min:"-100" max:"100" example:"10"`

	// What is behind the URL: `feed` is RSS, Atom or JSON Feed, whichever it is.
	// What is no feed is read by `select`: `html-list` is a page that lists
	// statements, `json` the answer of an API, `sitemap` a sitemap, a news sitemap
	// or an index of them. `communique discover` looks for a feed first; `communique
	// source test` shows what a source gives.
	Kind Kind `yaml:"kind" default:"feed" near:"type format"`

	// What of the page, answer or sitemap is what, for a kind that is no feed.
	Select Select `yaml:"select" near:"selectors rules extract"`

	// Whether to read the page of each new item: for its whole text, where the list
	// or feed has but teasers, its versions in other languages and its date. At
	// most 20 pages a visit, one after the other; robots.txt is obeyed. Default:
	// false, but true for a sitemap.
	Follow *bool `yaml:"follow" near:"full_text fulltext crawl" example:"true"`

	// Where on such a page its parts stand. What is left out is found by what the
	// page says to programs, and by the look of its text.
	Article Article `yaml:"article" near:"page body"`

	// What makes two items of this source the same: `auto` believes the guid as
	// long as it behaves, `guid`, `link`, `title_date` or `content` say it.
	Identity Identity `yaml:"identity" default:"auto"`

	// What its items are matched by: `all` is likeness and translations besides
	// exact signs, `near` is all but translations, `exact` is guid, link and equal
	// text alone, and then no other source's item is found to be like it either.
	// `exact` is for an office that fills in forms, which are all alike, `near`
	// for one whose translations are texts of their own.
	Match Match `yaml:"match" default:"all" near:"matching likeness dedup"`

	// What not to believe of this source: any of `guid`, `link`, `date`,
	// `language`, `text`. With `text` its texts, alike or equal, join no statement
	// of another source, and theirs none of its own, which links still do: for a
	// source that copies everybody. Excludes an `identity` of the same name.
	Distrust []Distrust `yaml:"distrust" example:"[date]"`

	// What becomes of a flood: nearly all items of a source that was read before are
	// suddenly new, ten or more and more than its rhythm lets expect, since ids,
	// links and texts were made anew or somebody else has the address. `hold` keeps
	// them back, unpublished, and says so, until `communique sources release` or
	// `communique sources drop` decides; copies of what is stored join it all the
	// same. `allow` publishes them, at their own dates.
	Flood Flood `yaml:"flood" default:"hold" near:"brake flood_brake floods" example:"allow"`

	// Headers to send besides our own and the default ones.
	Headers Headers `yaml:"headers" example:"{Authorization: 'Bearer ${FEED_TOKEN}'}"`

	// Whether to subscribe at the hub that this source names, where
	// `websub.subscribe` does so at all.
	WebSub *bool `yaml:"websub" default:"true" near:"push hub" example:"false"`

	// Whether to ask it. A source that is switched off keeps its statements.
	Enabled *bool `yaml:"enabled" default:"true" near:"active on disabled" example:"false"`

	// Networks (CIDR) or addresses that this source may be on although they are
	// not public, besides `fetch.allow_networks`.
	AllowNetworks []Network `yaml:"allow_networks" example:"[127.0.0.0/8]"`

	// What the publisher's terms ask to be shown with its statements.
	Credit string `yaml:"credit" example:"UN News"`

	// The publisher's terms of reuse: an address, or in a few words. For you, not
	// shown.
	Terms string `yaml:"terms" example:"reuse with credit"`

	// When somebody last saw the feed work (a date), or `listed` when it is only
	// known from lists. For you, not shown.
	Verified Verified `yaml:"verified" example:"2026-10-02"`

	// Whom to ask at the publisher's. For you, not shown.
	Contact string `yaml:"contact" example:"https://example.org/contact"`

	// Anything worth keeping, such as why it is switched off. For you, not shown.
	Notes string `yaml:"notes" near:"note comment reason description" example:"404 since October"`

	At place `yaml:"-"`

	list string // that it comes from
}

// Select says what of a document that is no feed is what. For html-list each is a
// CSS selector within the item, and `selector@name` takes an attribute; of a
// link, a picture or a time the address or the date is taken, of all else the
// text. For json each is a JSONPath (RFC 9535) from the item.
//
//	sources:
//	  - id: harbour-fr
//	    url: https://harbour.example/fr/nouvelles
//	    kind: html-list
//	    select: {items: article.news, title: h3, link: "h3 a", published: time, summary: .lead}
//	    follow: true
//	  - id: port-authority
//	    url: https://port.example/wp-json/wp/v2/posts?_embed
//	    kind: json
//	    select: {preset: wordpress}
//	  - id: lighthouse
//	    url: https://lighthouse.example/sitemap.xml
//	    kind: sitemap
//	    select: {match: /news/*}
type Select struct {
	// For json, the API of a common system: `wordpress` is /wp-json/wp/v2/posts,
	// `drupal` a /jsonapi/node collection, `reliefweb` ReliefWeb's API v2. What else
	// stands here comes before what the preset says.
	Preset Preset `yaml:"preset" example:"wordpress"`

	// For sitemap, which addresses: a pattern of the path, with * for anything.
	// Default: all.
	Match string `yaml:"match" near:"pattern path urls" example:"/fr/news/*"`

	// The items, one for each statement.
	Items string `yaml:"items" near:"item list" example:"article.news"`

	// What the item is known by. Default: the address of its page.
	ID string `yaml:"id" near:"guid" example:"@data-id"`

	// Title. Default: the first heading, else the text of the link.
	Title string `yaml:"title" near:"headline name" example:"h3"`

	// Its page. Default: the link that the title is in or has in it, else the first.
	Link string `yaml:"link" near:"url href" example:"h3 a"`

	// When it was published, in whatever form. Default: the first `time`.
	Published string `yaml:"published" near:"date time pubdate" example:".date"`

	// When it was last changed.
	Updated string `yaml:"updated" near:"modified" example:"$.changed"`

	// Teaser.
	Summary string `yaml:"summary" near:"description teaser excerpt lead" example:".teaser"`

	// Whole text.
	Content string `yaml:"content" near:"text body" example:"$.body"`

	// Picture.
	Image string `yaml:"image" near:"picture thumbnail" example:"img"`

	// Names of authors.
	Author string `yaml:"author" near:"authors byline" example:".byline"`

	// The publisher's own categories.
	Categories string `yaml:"categories" near:"category tags" example:".tag"`

	// Attached files.
	Enclosures string `yaml:"enclosures" near:"enclosure attachments files" example:"a.pdf@href"`

	// Language (BCP 47).
	Language string `yaml:"language" near:"lang" example:"@lang"`
}

// Article says where on the page of an item its parts stand: CSS selectors, as in
// `select`.
type Article struct {
	// The text, without navigation. Default: found by its look.
	Text string `yaml:"text" near:"content body main" example:"main .field--body"`

	// What to take out of the text.
	Remove string `yaml:"remove" near:"strip drop exclude" example:".share, .related"`

	// Title, where the list has none. Default: what the page says (og:title).
	Title string `yaml:"title" example:"h1"`

	// When it was published, where the list does not say. Default: what the page
	// says (article:published_time, schema.org, the first time).
	Published string `yaml:"published" near:"date time" example:".submitted time"`

	// Picture, where the list has none. Default: og:image.
	Image string `yaml:"image" near:"picture" example:".hero img"`

	// Names of authors, where the list has none.
	Author string `yaml:"author" near:"authors byline" example:".byline"`
}

// Dedup says when texts that are not equal are one statement, and what you know
// better. The defaults are what was measured to be best (docs/accuracy.md). What
// is set here is for what comes in from now on: what has been decided stays,
// but for `pins`, which are brought to bear on it when the program starts or
// reads the file again.
//
//	sources:
//	  - {id: iom-hq, url: https://iom.example/rss.xml}
//	  - {id: iom-mx, url: https://mexico.iom.example/rss.xml}
//	  - {id: who, url: https://who.example/rss.xml}
//	dedup:
//	  window: 14d
//	  groups:
//	    - {name: americas, sources: [iom-hq, iom-mx]}
//	    - {name: health, sources: [who, iom-hq]}
//	  pins:
//	    - {apart: [https://a.example/1, https://b.example/2], why: two statements of one day}
//	    - {together: [https://a.example/3, https://b.example/4]}
type Dedup struct {
	// Longest time between two publications that are compared with each other.
	// What is further apart is one statement only by its guid, its link or its
	// equal text. A longer one finds late reprints and translations; memory and the
	// time of a start grow with the statements in it.
	Window Duration `yaml:"window" default:"30d" min:"1h" max:"400d" near:"days period" example:"14d"`

	// How alike two texts of one language must be: the share of their wording
	// that they have in common, numbers, names and dates being no contradiction.
	// 1 wants the same wording. Raise it when different statements are shown as
	// one (`communique explain` says with what score), lower it when reprints
	// stand beside their originals.
	Threshold float64 `yaml:"threshold" default:"0.35" min:"0.01" max:"1" near:"score similarity" example:"0.5"`

	// The same for two items of one source whose titles differ: an office seldom
	// prints its own statement twice, but often words two of them alike.
	SameSource float64 `yaml:"same_source" default:"0.6" min:"0.01" max:"1" example:"0.8"`

	// Whether to decide and only report: `explain` tells what is alike, in one
	// language or two, and nothing is joined but by guid, link, equal text and
	// pins. For a look at what would be joined before it is.
	Shadow bool `yaml:"shadow" default:"false" near:"dry_run report_only" example:"true"`

	// Groups of sources. Only sources that have a group in common are compared
	// with each other, and a source that is in none with all that are in none. A
	// source may be in several. For organisations of their own under one roof, or
	// for very many sources. Without groups all are compared with all. Equal
	// links and texts count over the borders of groups.
	Groups []Group `yaml:"groups" near:"group"`

	// Your own word on pairs of publications. It counts whatever the evidence, for
	// what is stored as for what comes later; when it is taken out, what it did
	// stays, until copies that come in say otherwise.
	Pins []Pin `yaml:"pins" near:"pin overrides"`

	At place `yaml:"-"`
}

// Group is sources that are compared with each other.
type Group struct {
	// Name of the group, for you: 1 to 63 of a-z, 0-9 and -.
	Name ID `yaml:"name" required:"true" near:"id" example:"americas"`

	// The sources, by their ids.
	Sources []ID `yaml:"sources" required:"true" near:"source members" example:"[iom-hq, iom-mx]"`

	At place `yaml:"-"`
}

// Pin is your word on two publications: `apart` or `together`, one of the two,
// with the addresses of a copy of each. Two that were joined wrongly are taken
// apart, each with what was matched to it, and stay apart; an id that had been
// redirected is an entry of its own again.
type Pin struct {
	// Addresses of two publications that are not one statement.
	Apart []URL `yaml:"apart" near:"separate split different" example:"[https://a.example/1, https://b.example/2]"`

	// Addresses of two publications that are one statement.
	Together []URL `yaml:"together" near:"join same merge" example:"[https://a.example/3, https://b.example/4]"`

	// Why, for whoever asks `explain`.
	Why string `yaml:"why" near:"reason note notes" example:"two statements of one day"`

	At place `yaml:"-"`
}

// Link says when texts in two languages are one statement.
type Link struct {
	// Whether to look for translations. Without it texts in two languages are one
	// statement only when their pages say so: by guid, link or equal text.
	Enabled bool `yaml:"enabled" default:"true" near:"active on" example:"false"`

	// How sure it must be that two texts are translations of each other, as a
	// probability. Most that are joined are far above it: of labelled texts, none
	// in a thousand was joined wrongly at any value from 0.6 up. Raise it when statements of one day in two languages are shown as one.
	Threshold float64 `yaml:"threshold" default:"0.7" min:"0.01" max:"1" near:"probability score" example:"0.9"`

	// From which probability on two texts that are not joined are shown as
	// related. At most `threshold`, and lowered to it where only that is given.
	Related float64 `yaml:"related" default:"0.4" min:"0.01" max:"1" example:"0.6"`

	At place `yaml:"-"`
}

// WebSub is news the moment they come, both ways (W3C WebSub). Subscriptions and
// where every delivery stands are in the store, so a restart loses none.
//
//	sources:
//	  - {id: harbour, url: https://harbour.example/rss}
//	websub:
//	  lease: 5d
//	  signature: sha512
//	  subscribe: off
type WebSub struct {
	// Whether to be a hub: every feed names it, and who subscribes there gets
	// the feed posted when it changes.
	Hub bool `yaml:"hub" default:"true" near:"enabled on publish" example:"false"`

	// Whether to subscribe at the hubs that sources name: `auto` does so when
	// `site.base_url` is given and looks public, as hubs must be able to call us
	// there. A source whose hub keeps its word is polled at its ceiling only, as a
	// proof.
	Subscribe Subscribe `yaml:"subscribe" default:"auto" near:"subscriber subscriptions" example:"off"`

	// Lease of a subscription whose subscriber asks for none. Also what we ask of
	// sources' hubs.
	Lease Duration `yaml:"lease" default:"10d" min:"1m" max:"365d" near:"lease_seconds ttl" example:"5d"`

	// Shortest lease, whatever is asked.
	MinLease Duration `yaml:"min_lease" default:"5m" min:"1s" max:"365d" example:"1h"`

	// Longest lease, whatever is asked.
	MaxLease Duration `yaml:"max_lease" default:"30d" min:"1m" max:"365d" example:"90d"`

	// How deliveries to those who gave a secret are signed: `sha256`, `sha384` or
	// `sha512`.
	Signature Signature `yaml:"signature" default:"sha256" near:"algo hash method" example:"sha512"`

	// How long a delivery is tried again when a callback fails; the waits between
	// the tries grow from three seconds to six hours. After that the subscription
	// stays, to the end of its lease, and is tried with the next change.
	Retry Duration `yaml:"retry" default:"3d" min:"1m" max:"30d" near:"retries give_up" example:"1d"`

	// Longest time for one call, to a callback, a webhook or a hub.
	Timeout Duration `yaml:"timeout" default:"10s" min:"100ms" max:"1m" example:"5s"`

	// Networks (CIDR) or addresses that callbacks, and hubs of sources, may be on
	// although they are not public. Anybody may name a callback: what you open
	// here, strangers can make us call.
	AllowNetworks []Network `yaml:"allow_networks" example:"[10.20.0.0/16]"`

	// Subscriptions in all. Beyond it the hub answers that it is full.
	MaxSubscriptions int `yaml:"max_subscriptions" default:"20000" min:"1" max:"1000000" near:"limit" example:"5000"`

	// Feeds that have subscribers, every narrowing and format counted by itself.
	MaxTopics int `yaml:"max_topics" default:"5000" min:"1" max:"1000000" example:"500"`

	// Subscriptions to one feed.
	MaxPerTopic int `yaml:"max_per_topic" default:"10000" min:"1" max:"1000000" example:"2000"`

	// Subscriptions whose callbacks are on one host.
	MaxPerHost int `yaml:"max_per_host" default:"2000" min:"1" max:"1000000" example:"100"`

	// Deliveries at the same time, over all hosts. Those that take longer than a
	// moment go on in a lane of their own with as many places.
	Workers int `yaml:"workers" default:"256" min:"1" max:"10000" near:"concurrency parallel" example:"64"`

	// Deliveries at the same time to one host.
	PerHost int `yaml:"per_host" default:"64" min:"1" max:"1000" example:"8"`

	At place `yaml:"-"`
}

// Webhook is an address of yours that is told of every statement of a feed, or of
// incidents: one message a statement, in order, signed as Standard Webhooks says. A message that
// is not taken (2xx) is sent again, after three seconds first and every six hours
// at last, until it is; the next one waits. The same message may come twice: its
// webhook-id is the same then. docs/push.md shows the messages.
//
//	sources:
//	  - {id: harbour, url: https://harbour.example/rss}
//	webhooks:
//	  - name: newsroom
//	    url: https://desk.example.org/hooks/communique
//	    secret: whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw
//	    feed: topic/health
//	    events: [statement.published, statement.withdrawn]
//	  - name: on-call
//	    url: https://desk.example.org/hooks/on-call
//	    secret: whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw
//	    events: [incidents]
type Webhook struct {
	// Name of the webhook: 1 to 63 of a-z, 0-9 and -. Its place is remembered
	// under it: with another name it begins anew with what comes then.
	Name ID `yaml:"name" required:"true" near:"id" example:"newsroom"`

	// Address to post to: http or https.
	URL URL `yaml:"url" required:"true" near:"address to endpoint" example:"https://desk.example.org/hooks/communique"`

	// What the messages are signed with: `whsec_` and base64, or any text of 16
	// octets or more.
	Secret Secret `yaml:"secret" required:"true" near:"key token" example:"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"`

	// Path of the feed whose statements are told: `all`, `region/americas`,
	// `topic/health`, … or the name of a feed of yours. Excludes `query`.
	Feed string `yaml:"feed" default:"all" near:"topic path" example:"topic/health"`

	// Which statements, where no feed says it.
	Query Query `yaml:"query" near:"filter select where"`

	// What is told: any of `statement.published`, `statement.updated`,
	// `statement.withdrawn`, which are what is told by default; and of the troubles
	// of sources and of all they stand on (the store, lists, certificates …) `incident.began` and `incident.ended`, or
	// `incidents` for both. `feed` and `query` are for statements alone.
	Events []Event `yaml:"events" near:"event types on" example:"[statement.published]"`

	At place `yaml:"-"`
}

// Cache is what is kept in memory so that a feed or page need not be made for each
// reader.
type Cache struct {
	// The most that finished documents, in every coding that was asked for, and the
	// parts that they are made of may take together. What was used longest ago
	// leaves first, and is made again when somebody asks.
	MaxSize Bytes `yaml:"max_size" default:"48MiB" min:"4MiB" max:"64GiB" near:"size memory limit max_memory" example:"256MiB"`

	At place `yaml:"-"`
}

// Traces says where spans go: one for each visit to a source, with its stages in
// it, and one for each answer to a reader. They go out by OTLP over HTTP
// (protobuf), beside the work; a collector that is away holds up nothing. Without
// this section the environment decides, by OpenTelemetry's own variables:
// OTEL_EXPORTER_OTLP_ENDPOINT switches traces on, OTEL_SDK_DISABLED=true off.
//
//	sources: []
//	traces: {endpoint: "http://127.0.0.1:4318", part: 0.1}
type Traces struct {
	// The collector's address; /v1/traces is put behind it where it is not there.
	// Default: that of the environment, and none without.
	Endpoint URL `yaml:"endpoint" near:"url collector address exporter" example:"http://127.0.0.1:4318"`

	// Headers to send along. A value may be a secret.
	Headers Headers `yaml:"headers" example:"{Authorization: Bearer 2f6e}"`

	// Part of all visits and answers that is traced; 1 is all of them, unless
	// OTEL_TRACES_SAMPLER says otherwise.
	Part float64 `yaml:"part" default:"1" min:"0.0001" max:"1" near:"sample sampling ratio rate" example:"0.1"`

	At place `yaml:"-"`
}

// Stream is the open connections at /api/v1/stream.
type Stream struct {
	// Connections at the same time. One more is answered 503.
	Connections int `yaml:"connections" default:"1000" min:"1" max:"100000" near:"max limit" example:"200"`

	At place `yaml:"-"`
}

// Feed is a feed of your own choice, at /feeds/NAME.atom, .rss and .json.
//
//	sources:
//	  - {id: un-news-es, url: https://news.example.org/es/rss.xml}
//	feeds:
//	  - name: migration-americas
//	    title: {en: Migration in the Americas, es: Migración en las Américas}
//	    query:
//	      regions: [americas]
//	      any: [{topics: [labour-migration, protection]}, {words: remittances}]
//	      not: {sources: [un-news-es]}
//	    languages: {prefer: [es, en]}
//	    share: 20%
//	    was: [americas-migration]
type Feed struct {
	// Last part of the address: 1 to 63 of a-z, 0-9 and -. Not `all`, `region`,
	// `country`, `topic`, `event` or `source`.
	Name ID `yaml:"name" required:"true" near:"id slug path" example:"migration-americas"`

	// Title of the feed: one text, or one for each language. The feed and its page
	// in a language have the title in it, else the one in the site's language.
	// Default: the name.
	Title Titles `yaml:"title" near:"titles" example:"{en: Migration in the Americas, es: Migración en las Américas}"`

	// A line below the title.
	Subtitle string `yaml:"subtitle" near:"description"`

	// Which statements. Without it: all.
	Query Query `yaml:"query" near:"filter select where"`

	// What stands first. `published` is the newest by the publisher's date, but
	// what was found late stands where it was found, so that nobody misses it;
	// that place never changes. `updated` is what was published or corrected last:
	// a correction brings a statement back to the top.
	Order FeedOrder `yaml:"order" default:"published" near:"sort sort_by order_by"`

	// Entries in the feed. With a limit below 50 these, and what is older on further
	// pages. From 50 on, where the feed has archives, at least these, and what
	// stands in no archive yet, which is up to a hundred more.
	Limit int `yaml:"limit" default:"50" min:"1" max:"500" near:"count entries max_entries"`

	// Largest document. Beyond it the oldest entries keep only their summaries, as
	// few as need be; when that is not enough, the oldest are left out, all but one,
	// and follow on further pages: such a feed has no archives. Default: 512KiB, from
	// which on there are summaries, and nothing is left out of a feed with archives.
	MaxBytes Bytes `yaml:"max_bytes" min:"16KiB" near:"max_size size budget size_budget" example:"256KiB"`

	// The most entries that one source may have among those of the feed: a number,
	// or a part of `limit` (20%; at least one entry). A statement counts for the
	// source whose copy is shown. In place of what is too much, older statements of
	// other sources come in, out of the newest 2,000 that meet the query. Default:
	// any number.
	Share Share `yaml:"share" near:"per_source max_per_source quota" example:"20%"`

	// In which languages. `all` shows every statement in its best copy.
	// `{only: [fr, en]}` leaves out what there is in none of these languages, and
	// shows the French copy where there is one, else the English one.
	// `{prefer: [fr, en]}` leaves out nothing: where there is neither, the best
	// copy is shown. An address with ?lang= or ?prefer= goes before it.
	Languages Languages `yaml:"languages" default:"all" near:"language lang prefer" example:"{prefer: [fr, en]}"`

	// `full` gives the whole text where there is one, `summary` only its start.
	Content Content `yaml:"content" default:"full"`

	// Ids of the entries. `statement`: the statement's own id, the same in every
	// feed and language, also when another copy leads. `preserve`: the id that the
	// shown copy has at its publisher, byte for byte, as a planet does: choose it
	// before anybody subscribes, since readers take an entry with another id for
	// new. Of two statements with one such id only the first is in the feed. In
	// Atom a copy whose id is no IRI keeps the statement's.
	IDs IDPolicy `yaml:"ids" default:"statement" near:"id_policy identity guid"`

	// Only who has a token may read the feed: behind the address as ?token=…, as a
	// bearer token or as a password. `communique token add` makes one for each
	// reader, and `communique token revoke` ends it at once. No list, map, frame or
	// hub names the feed. It is the selection that is private: its statements stand
	// in other feeds and in the search as well, as they do without it.
	Private bool `yaml:"private" default:"false" near:"protected secret hidden token" example:"true"`

	// Names that the feed had before, the first one first: that stays in the feed's
	// own id. Their addresses redirect to it for good, with whatever follows the name.
	Was []ID `yaml:"was" near:"aliases renamed_from formerly old_names" example:"[americas-migration]"`

	At place `yaml:"-"`
}

// Query says which statements. Values of one key are alternatives; every key
// that is given must be met.
type Query struct {
	// Regions by their slugs; one stands for all countries in it.
	Regions []Term `yaml:"regions" near:"region" example:"[americas]"`

	// Countries by ISO 3166-1 alpha-2 code.
	Countries []Country `yaml:"countries" near:"country" example:"[mx, gt]"`

	// Topics by their slugs.
	Topics []Term `yaml:"topics" near:"topic tags" example:"[protection, children]"`

	// Events by their slugs.
	Events []Term `yaml:"events" near:"event" example:"[summit-of-the-americas-2022]"`

	// Sources by their ids.
	Sources []ID `yaml:"sources" near:"source" example:"[un-news-es]"`

	// Languages (BCP 47) that there must be a copy in; `pt` stands for all its
	// variants. It is shown in the first of them. At the top of a query, the
	// feed's `languages: {only: …}` says the same.
	Languages []Language `yaml:"languages" near:"language lang" example:"[es, pt]"`

	// Words to search for in titles and texts.
	Words Search `yaml:"words" near:"q search text" example:"border families"`

	// Queries of which at least one must be met besides.
	Any []Query `yaml:"any" near:"or any_of" example:"[{topics: [protection]}, {words: border}]"`

	// A query, or several, of which none may be met.
	Not Queries `yaml:"not" near:"except exclude without none" example:"{sources: [un-news-es]}"`

	At place `yaml:"-"`
}

// Embeds says which sites may show our feeds in a frame. What has the address
// /embed/… is made for that; no other page may ever be framed, whatever stands
// here. Feeds themselves stay public: what a partner's own programs or the
// element <communique-feed> read is not held back by this. docs/partners.md is
// for the partners' webmasters; the site shows it at /about/embed.
//
//	embeds:
//	  partners:
//	    - name: coalition
//	      origins: [https://www.coalition.example, "https://*.preview.coalition.example"]
//	      feeds: [topic/protection, region/americas]
//	      credit: Statements gathered by the Harbour offices
//	      theme:
//	        scheme: light
//	        light: {link: "#7a1f3d", background: "#fffaf5"}
type Embeds struct {
	// Who may frame: `anybody`; `partners`, which are those below and nobody else;
	// or `nobody`. Default: `partners` where there are any, else `anybody`.
	Allow Framers `yaml:"allow" near:"public open who frame_ancestors" example:"anybody"`

	// The sites that may frame, or that have a look of their own where anybody may.
	Partners []Partner `yaml:"partners" near:"partner sites"`

	At place `yaml:"-"`
}

// Partner is a site that shows our feeds. Its frames have the address
// /embed/FEED?partner=NAME, which gives them its theme and credit line.
type Partner struct {
	// Name of the partner, a part of addresses: 1 to 63 of a-z, 0-9 and -.
	Name ID `yaml:"name" required:"true" near:"id" example:"coalition"`

	// Where its pages are. A browser asks this of every page around the frame, so
	// name the preview and the editor of its content management as well, when they
	// have a host of their own.
	Origins []Origin `yaml:"origins" required:"true" near:"origin hosts sites urls domains" example:"[https://www.coalition.example]"`

	// The feeds that it may frame, and single statements that stand in one of
	// them. Default: all.
	Feeds []FeedPath `yaml:"feeds" near:"feed allowed" example:"[topic/protection, our-choice]"`

	// A line of plain text below its frames.
	Credit string `yaml:"credit" near:"credit_line credits" example:"Statements gathered by the Harbour offices"`

	// How its frames look.
	Theme Theme `yaml:"theme" near:"style colours colors"`

	At place `yaml:"-"`
}

// Theme is how a partner's frames look. Text and links must stand out from the
// background at 4.5 to 1 (WCAG 2.2, 1.4.3), which is checked.
type Theme struct {
	// `auto` follows the reader's system, `light` and `dark` do not. An address may
	// say otherwise (theme=dark).
	Scheme Scheme `yaml:"scheme" default:"auto" near:"mode" example:"light"`

	// Colours of the light look.
	Light Colours `yaml:"light"`

	// Colours of the dark look.
	Dark Colours `yaml:"dark"`

	// Letters: `system`, `serif` or `sans`.
	Font Font `yaml:"font" default:"system" near:"typeface" example:"serif"`

	At place `yaml:"-"`
}

// Colours are those of one look; what is left out is ours.
type Colours struct {
	// Text.
	Text Colour `yaml:"text" near:"ink foreground color colour" example:"#1c2330"`

	// Background.
	Background Colour `yaml:"background" near:"paper bg" example:"#ffffff"`

	// Dates, names of offices and other lesser text.
	Muted Colour `yaml:"muted" near:"soft secondary" example:"#566072"`

	// Links.
	Link Colour `yaml:"link" near:"links accent primary" example:"#0b5394"`

	// Lines between statements.
	Line Colour `yaml:"line" near:"border rule" example:"#d9dee6"`

	At place `yaml:"-"`
}
