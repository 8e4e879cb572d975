package config

import (
	"fmt"
	"testing"
)

func TestWhoMayFrameFollowsFromThePartners(t *testing.T) {
	partner := "partners: [{name: a, origins: [https://a.example]}]"
	for text, want := range map[string]Framers{
		"": "anybody", "embeds:": "anybody", "embeds: {partners: []}": "anybody", "embeds: {" + partner + "}": "partners",
		"embeds: {allow: anybody, " + partner + "}": "anybody", "embeds: {allow: nobody, " + partner + "}": "nobody", "embeds: {allow: nobody}": "nobody",
	} {
		if got := parse1(t, "sources: []\n"+text+"\n").EmbedsConfig().Allow; got != want {
			t.Errorf("%q: %s may frame, want %s", text, got, want)
		}
	}
}

func TestAPartnerTakesWhatItLeavesOutFromUs(t *testing.T) {
	c := parse1(t, `
sources: []
embeds:
  partners:
    - name: a
      origins: [https://A.Example:443, http://b.example:8080, "https://*.c.example", https://bücher.example]
      feeds: [all, country/mx]
      credit: " Harbour offices "
      theme: {scheme: dark, light: {link: "#7A1F3D"}, dark: {line: "#fff"}}
`)
	got := fmt.Sprint(c.EmbedsConfig().Partners)
	want := fmt.Sprint([]PartnerConfig{{
		Name: "a", Origins: []string{"https://a.example", "http://b.example:8080", "https://*.c.example", "https://xn--bcher-kva.example"},
		Feeds: []string{"all", "country/mx"}, Credit: "Harbour offices", Scheme: "dark", Font: "system",
		Light: Palette{OwnLight.Text, OwnLight.Background, OwnLight.Muted, "#7a1f3d", OwnLight.Line},
		Dark:  Palette{OwnDark.Text, OwnDark.Background, OwnDark.Muted, OwnDark.Link, "#ffffff"},
	}})
	if got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
}
