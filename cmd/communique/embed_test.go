package main

import (
	"net/http"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"communique/config"
)

func TestPartnersOfTheConfigurationMayFrameUntilTheyAreTakenOut(t *testing.T) {
	w := newWorld(t)
	const partners = "\nembeds:\n  allow: partners\n  partners: [{name: guild, origins: [https://guild.example], feeds: [all], credit: By the harbour, theme: {scheme: light, light: {link: '#7a1f3d'}}}]\n"
	w.config(t, "communique.yaml", anyPorts+partners, "harbour")
	d := start(t, w.dir, "serve")
	base := d.out.await(t, `^listening on (\S+)$`)
	d.log.await(t, `msg=fetched source=harbour new=1 `)
	ask := func(tag string) (*http.Response, string) {
		req, err := http.NewRequest("GET", base+"/embed/all?partner=guild", nil)
		if err != nil {
			t.Fatal(err)
		}
		if tag != "" {
			req.Header.Set("If-None-Match", tag)
		}
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		return res, res.Header.Get("ETag")
	}
	res, tag := ask("")
	if policy := res.Header.Get("Content-Security-Policy"); res.StatusCode != 200 || !strings.HasSuffix(policy, "frame-ancestors 'self' https://guild.example") {
		t.Errorf("%s, %q", res.Status, policy)
	}
	if res, _ := ask(tag); res.StatusCode != 304 {
		t.Errorf("its own tag: %s", res.Status)
	}
	text := page(t, base+"/embed/all?partner=guild")
	if !strings.Contains(text, "Word of the harbour") || !strings.Contains(text, "By the harbour") || !strings.Contains(text, `data-theme="light"`) {
		t.Errorf("the partner's frame is\n%s", text)
	}

	// A theme is measured against our own colours, so they have to be ours.
	css := page(t, base+regexp.MustCompile(`/assets/embed-[0-9a-f]+\.css`).FindString(text))
	for _, c := range []config.Palette{config.OwnLight, config.OwnDark} {
		if want := "--ink: " + c.Text + "; --soft: " + c.Muted + "; --paper: " + c.Background + "; --line: " + c.Line + "; --link: " + c.Link + ";"; !strings.Contains(css, want) {
			t.Errorf("the style sheet lacks our own colours as config has them: %s", want)
		}
	}
	if !strings.Contains(css, "--link: #7a1f3d") {
		t.Error("the style sheet lacks the partner's link colour")
	}

	w.config(t, "communique.yaml", anyPorts+strings.Replace(partners, "allow: partners", "allow: nobody", 1), "harbour")
	d.signal(syscall.SIGHUP)
	d.log.await(t, `msg="configuration read again"`)
	if res, _ := ask(tag); res.StatusCode != 200 || !strings.HasSuffix(res.Header.Get("Content-Security-Policy"), "frame-ancestors 'none'") {
		t.Errorf("after it was switched off: %s, %q", res.Status, res.Header.Get("Content-Security-Policy"))
	}
}
