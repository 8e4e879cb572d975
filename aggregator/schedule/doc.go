// Package schedule says when a source is due. It is pure: no clock, no
// network, no state but what it is given; what has to survive a restart stands
// in feeds.Fetched.
//
// Start with Next, which weighs everything that is known after a visit, and
// Parse, which reads the operator's word. First and Resume say when to begin;
// Queue holds who is next. What a Retry-After header or a ttl element looks
// like is not decided here: fetch and parse have turned them into durations.
//
// Who is obeyed, the strongest first:
//
//  1. 410 Gone: never again, until the configuration changes.
//  2. Retry-After, up to seven days.
//  3. Back-off after failures: doubling, by class of error, never for ever.
//  4. The operator's cron expression: clock times, kept to the half minute.
//  5. The publisher's skipHours and skipDays.
//  6. The publisher's max-age, ttl and sy:updatePeriod: they lengthen, never shorten.
//  7. The operator's interval, or the rhythm learned from the source.
//
// All of it stays between a floor and a ceiling; only 2, 4 and 5 may go beyond
// the ceiling. All of it is lengthened by a little that depends on the
// source's id alone, so that siblings on one host drift apart and a restart
// stampedes nobody.
package schedule
