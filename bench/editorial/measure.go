package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"communique/bench/trial"
)

// measurement is one run of this command.
type measurement struct {
	program      program
	rows         []row
	withLanguage bool
	log          io.Writer
}

// say tells somebody who waits what is being done.
func (m *measurement) say(format string, args ...any) {
	fmt.Fprintf(m.log, "editorial: "+format+"\n", args...)
}

// run measures all that is asked for and prints it to out.
func run(o *options, out, log io.Writer) error {
	m := &measurement{withLanguage: o.withLanguage, log: log}
	if o.pred == "" {
		dir, err := os.MkdirTemp("", "communique-editorial-")
		if err != nil {
			return err
		}
		defer os.RemoveAll(dir)
		if m.program, err = prepare(o, dir); err != nil {
			return err
		}
	}
	var sections []section
	add := func(s section, err error) error {
		if err == nil {
			sections = append(sections, s)
		}
		return err
	}
	if o.gold != "" {
		var err error
		if m.rows, err = readGold(o.gold); err != nil {
			return err
		}
		if err := add(m.stream(o)); err != nil {
			return err
		}
	}
	if o.shuffles > 0 {
		modes := []string{o.arrival}
		if o.arrival == "both" {
			modes = []string{"poll", "random"}
		}
		for _, mode := range modes {
			if err := add(m.shuffles(o.shuffles, mode, o.seed)); err != nil {
				return err
			}
		}
	}
	if o.fill > 0 {
		if err := add(m.fill(o.fill, o.errors, o.seed)); err != nil {
			return err
		}
	}
	for _, x := range []struct {
		from    string
		measure func(string, int) (section, error)
	}{{o.congress, m.congress}, {o.themes, m.themes}, {o.desks, m.measureDesks}} {
		if x.from != "" {
			if err := add(x.measure(x.from, o.errors)); err != nil {
				return err
			}
		}
	}
	if o.page != "" {
		if err := refresh(o.page, sections); err != nil {
			return err
		}
	}
	return print(out, sections, o)
}

func print(out io.Writer, sections []section, o *options) error {
	w := bufio.NewWriter(out)
	switch {
	case o.json:
		all := map[string]any{}
		for _, s := range sections {
			all[s.key] = s.figures
		}
		enc := json.NewEncoder(w)
		enc.SetIndent("", "  ")
		if err := enc.Encode(all); err != nil {
			return err
		}
	case o.markdown:
		for _, s := range sections {
			fmt.Fprintf(w, "<!-- figures: %s -->\n%s%s\n\n", s.key, s.block(), endMark)
		}
	default:
		for _, s := range sections {
			s.text(w)
		}
	}
	return w.Flush()
}

// prepare finds or builds the program. It runs in an empty folder, so paths
// are made absolute.
func prepare(o *options, dir string) (p program, err error) {
	p.dir = filepath.Join(dir, "empty")
	if err = os.Mkdir(p.dir, 0o755); err != nil {
		return p, err
	}
	if o.config != "" {
		if p.config, err = filepath.Abs(o.config); err != nil {
			return p, err
		}
	}
	if o.binary == "" {
		p.path, err = trial.Build(dir)
		return p, err
	}
	p.path, err = filepath.Abs(o.binary)
	return p, err
}

// streamFigures is what is measured on labelled rows.
type streamFigures struct {
	Groups    *groupings               `json:"groups,omitempty"`
	FalseRate float64                  `json:"false_pairs_share"`
	AmongAll  *prf                     `json:"b3_among_all_rows,omitempty"` // of a part's rows, with all rows as their mates
	Tags      map[string]tagging       `json:"tags,omitempty"`
	Language  detection                `json:"language"`
	By        map[string]streamFigures `json:"by,omitempty"`
	Usage     *trial.Usage             `json:"usage,omitempty"`
	Start     *trial.Usage             `json:"start,omitempty"`
	Judging   float64                  `json:"judging_cpu_s,omitempty"`
	PerSecond float64                  `json:"rows_per_cpu_s,omitempty"` // of judging
}

// figuresOf scores some of the rows.
func (o *outcome) figuresOf(rows []row) streamFigures {
	f := streamFigures{Tags: map[string]tagging{}, Language: scoreLanguage(rows, o.verdicts)}
	if g := scoreGroups(rows, o.statement, o.unclear); g.Rows > 0 {
		f.Groups = &g
		f.FalseRate = share(g.All.FP, g.All.TP+g.All.FP)
	}
	for i := range fields {
		if t, ok := scoreTags(&fields[i], rows, o.verdicts); ok {
			f.Tags[fields[i].name] = t
		}
	}
	return f
}

// split gives the rows by language, set, form or kind, and the keys sorted.
func split(rows []row, by string) (map[string][]row, []string) {
	parts := map[string][]row{}
	for _, r := range rows {
		k := r.key(by)
		parts[k] = append(parts[k], r)
	}
	return parts, slices.Sorted(maps.Keys(parts))
}

// stream measures the labelled rows in their order, or a ready prediction.
func (m *measurement) stream(opt *options) (section, error) {
	s := section{key: "stream", title: fmt.Sprintf("%d labelled rows, in their order", len(m.rows))}
	var verdicts []verdict
	var used, start *trial.Usage
	var judged float64 // CPU seconds when the last row was in
	if opt.pred != "" {
		var err error
		if verdicts, err = readRecords[verdict](opt.pred); err != nil {
			return s, err
		}
	} else {
		docs := make([]document, len(m.rows))
		for i := range m.rows {
			docs[i] = m.rows[i].document(m.withLanguage)
		}
		m.say("%d labelled rows", len(docs))
		all, u, err := m.program.classifyAll(docs, func(l *line) (err error) {
			judged, err = l.settle()
			return err
		})
		if err != nil {
			return s, err
		}
		begin, err := m.program.start()
		if err != nil {
			return s, err
		}
		verdicts, used, start = all, &u, &begin
	}
	words := vocabularyOf(m.rows)
	for i := range verdicts {
		if verdicts[i].Cluster == nil { // else it is in the labels' words already
			words.translate(&verdicts[i])
		}
	}
	if opt.save != "" {
		if err := save(opt.save, verdicts); err != nil {
			return s, err
		}
	}
	o := newOutcome(m.rows, verdicts)
	f := o.figuresOf(m.rows)
	f.Usage, f.Start = used, start
	s.tables = append(s.tables, groupTables(&f)...)
	byLanguage, languages := split(m.rows, "lang")
	s.tables = append(s.tables, o.tagTable(&f, byLanguage, languages), o.labelTable(&f), o.languageTable(&f, byLanguage, languages))
	if used != nil {
		f.Judging = judged - start.CPU
		f.PerSecond = float64(len(m.rows)) / max(1e-9, f.Judging)
		t := table{name: "What it took:", head: []string{"what", "figure"}}
		t.add("rows judged per CPU second", fmt.Sprintf("%.0f", f.PerSecond))
		t.add("rows per CPU second with the start and with telling the verdicts", fmt.Sprintf("%.0f", float64(len(m.rows))/max(1e-9, used.CPU)))
		t.add("CPU seconds of the start", fmt.Sprintf("%.2f", start.CPU))
		t.add("CPU seconds of judging", fmt.Sprintf("%.2f", f.Judging))
		t.add("CPU seconds of telling the verdicts, when all rows are in", fmt.Sprintf("%.2f", used.CPU-judged))
		t.add("peak resident set, MB", fmt.Sprintf("%.0f", used.PeakMB))
		s.tables = append(s.tables, t)
	}
	if opt.by != "" {
		f.By = map[string]streamFigures{}
		parts, keys := split(m.rows, opt.by)
		side := sides(m.rows, o.statement)
		for _, k := range keys {
			part := o.figuresOf(parts[k])
			part.AmongAll = meanSide(parts[k], side)
			f.By[k] = part
		}
		s.tables = append(s.tables, byTable(opt.by, f.By, keys))
	}
	if opt.errors > 0 {
		if f.Groups != nil {
			s.errors = append(s.errors, o.falseMerges(opt.errors)...)
			s.errors = append(s.errors, o.misses(opt.errors)...)
		}
		for i := range fields {
			s.errors = append(s.errors, o.wrongTags(&fields[i], opt.errors)...)
		}
		s.errors = append(s.errors, o.wrongLanguages(f.Language, opt.errors)...)
	}
	s.tables = slices.DeleteFunc(s.tables, func(t table) bool { return len(t.rows) == 0 })
	s.figures = f
	return s, nil
}

// groupTables show which rows are one statement.
func groupTables(f *streamFigures) []table {
	if f.Groups == nil {
		return nil
	}
	g := f.Groups
	t := table{name: "Which rows are one statement:", head: []string{"pairs", "P", "R", "F1", "B³ P", "B³ R", "B³ F1", "ARI", "right", "false", "missed", "false among joined"}}
	for _, x := range []struct {
		name string
		*grouping
	}{{"all", &g.All}, {"same language", &g.Same}, {"across languages", &g.Cross}} {
		t.add(x.name, four(x.P), four(x.R), four(x.F1), four(x.B3.P), four(x.B3.R), four(x.B3.F1), four(x.ARI),
			count(x.TP), count(x.FP), count(x.FN), percentOf(x.FP, x.TP+x.FP))
	}
	t.note = fmt.Sprintf("%d rows of %d statements by the labels, %d predicted; %d rows without a prediction.", g.Rows, g.Groups, g.Statements, g.Missing)
	return []table{t}
}

// tagTable shows each kind of label, of all rows and by language.
func (o *outcome) tagTable(f *streamFigures, parts map[string][]row, keys []string) table {
	t := table{name: "Tags, over labels (micro) and as the mean of the labels (macro):", head: []string{"labels", "rows", "P", "R", "F1", "macro P", "macro R", "macro F1", "no mistake"}}
	line := func(name string, x tagging) {
		t.add(name, count(x.Rows), four(x.Micro.P), four(x.Micro.R), four(x.Micro.F1), four(x.Macro.P), four(x.Macro.R), four(x.Macro.F1), percent(x.Exact))
	}
	for i := range fields {
		all, ok := f.Tags[fields[i].name]
		if !ok {
			continue
		}
		line(fields[i].name, all)
		for _, k := range keys {
			if x, ok := scoreTags(&fields[i], parts[k], o.verdicts); ok && x.Rows < all.Rows {
				line(fields[i].name+" "+k, x)
			}
		}
	}
	unjudged, given := 0, 0
	for i := range o.rows {
		if v := o.verdicts[o.rows[i].ID]; v != nil && v.TopicsSaid != nil && o.rows[i].Topics != nil {
			unjudged += len(v.TopicsSaid) - len(v.Topics)
			given += len(v.TopicsSaid)
		}
	}
	if unjudged > 0 {
		t.note = fmt.Sprintf("Of %d topics given to rows with labels, %d are ours alone: the labels have no word for them, and they are not judged.", given, unjudged)
	}
	return t
}

// labelTable shows the labels one by one.
func (o *outcome) labelTable(f *streamFigures) table {
	t := table{name: "Topics one by one, by hand and by editors' themes:", head: []string{"topic", "rows", "P", "R", "F1", "themes' rows", "P", "R", "F1"}}
	hand, themes := f.Tags["topics"].Per, f.Tags["topics_rw"].Per
	names := map[string]bool{}
	for n := range hand {
		names[n] = true
	}
	for n := range themes {
		names[n] = true
	}
	for _, n := range slices.Sorted(maps.Keys(names)) {
		cells := []string{n}
		for _, per := range []map[string]label{hand, themes} {
			if x, ok := per[n]; ok {
				cells = append(cells, count(x.N), fmt.Sprintf("%.3f", x.P), fmt.Sprintf("%.3f", x.R), fmt.Sprintf("%.3f", x.F1))
			} else {
				cells = append(cells, "", "", "", "")
			}
		}
		t.add(cells...)
	}
	return t
}

func (o *outcome) languageTable(f *streamFigures, parts map[string][]row, keys []string) table {
	t := table{name: fmt.Sprintf("Language of texts of %d characters or more:", shortest), head: []string{"language", "rows", "right", "share"}}
	line := func(name string, d detection) { t.add(name, count(d.Rows), count(d.Right), percent(d.share())) }
	if f.Language.Rows > 0 {
		line("all", f.Language)
	}
	for _, k := range keys {
		if d := scoreLanguage(parts[k], o.verdicts); d.Rows > 0 {
			line(k, d)
		}
	}
	return t
}

// meanSide averages the rows' own precision and recall, nil when none has a group.
func meanSide(rows []row, side map[string]prf) *prf {
	var sum prf
	n := 0.0
	for i := range rows {
		if s, ok := side[rows[i].ID]; ok {
			sum.P, sum.R, n = sum.P+s.P, sum.R+s.R, n+1
		}
	}
	if n == 0 {
		return nil
	}
	return &prf{sum.P / n, sum.R / n, harmonic(sum.P/n, sum.R/n)}
}

func byTable(by string, parts map[string]streamFigures, keys []string) table {
	t := table{name: "By " + by + ": B³ of its rows among all rows; then the pairs within it alone, and its tags (F1):",
		head: []string{by, "rows", "B³ P", "B³ R", "B³ F1", "own pairs", "P", "R", "F1", "countries", "regions", "topics", "themes"}}
	for _, k := range keys {
		f := parts[k]
		cells := []string{k, "", "", "", "", "", "", "", ""}
		if g := f.Groups; g != nil {
			cells = []string{k, count(g.Rows), four(f.AmongAll.P), four(f.AmongAll.R), four(f.AmongAll.F1), count(g.All.TP + g.All.FN), "", "", ""}
			if g.All.TP+g.All.FN+g.All.FP > 0 {
				copy(cells[6:], []string{four(g.All.P), four(g.All.R), four(g.All.F1)})
			}
		}
		for i := range fields {
			if x, ok := f.Tags[fields[i].name]; ok {
				cells = append(cells, four(x.Micro.F1))
			} else {
				cells = append(cells, "")
			}
		}
		t.add(cells...)
	}
	return t
}

// save keeps the predictions. The statement is there as "cluster" too, which
// is what the reference scorer reads.
func save(name string, verdicts []verdict) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	w := bufio.NewWriter(f)
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	for _, v := range verdicts {
		if s, ok := v.statement(); ok {
			v.Cluster = s
		}
		if err := enc.Encode(v); err != nil {
			return errors.Join(err, f.Close())
		}
	}
	return errors.Join(w.Flush(), f.Close())
}
