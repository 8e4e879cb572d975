package tag

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"slices"
)

// engine is raised when texts are tagged differently by the same rules.
const engine = 4

// fingerprint hashes the engine, the built-in rules and the operator's.
func fingerprint(t Taxonomy) uint64 {
	h := sha256.New()
	fmt.Fprintln(h, "engine", engine)
	entries, err := data.ReadDir("data")
	if err != nil {
		panic(err) // it is embedded
	}
	for _, e := range entries {
		fmt.Fprintln(h, e.Name())
		h.Write([]byte(read(e.Name())))
	}
	for _, rules := range []*[]Rule{&t.Regions, &t.Countries, &t.Topics, &t.Events} {
		*rules = slices.Clone(*rules)
		for i := range *rules {
			(*rules)[i].Examples = nil // they try the rules and change nothing
		}
	}
	// JSON writes maps in the order of their keys.
	if err := json.NewEncoder(h).Encode(t); err != nil {
		panic(err) // a Taxonomy holds nothing that JSON cannot
	}
	return binary.BigEndian.Uint64(h.Sum(nil))
}
