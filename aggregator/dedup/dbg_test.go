package dedup

import "testing"

func TestDbg(t *testing.T) {
	rows := stream(t)
	var r []*reading
	var k desk
	for _, id := range []string{"rw:2391844", "rw:2376179"} {
		for i := range rows {
			if rows[i].ID == id {
				r = append(r, k.read("es", &rows[i].draft.Text, nil))
				t.Logf("%q %q", rows[i].draft.Text.Title, rows[i].draft.Text.Body[:100])
			}
		}
	}
	var s scratch
	l := s.compare(r[0], r[1], nil, nil)
	t.Logf("%+v %v %v", l, borrowed(r[0], r[1]), borrowed(r[1], r[0]))
	t.Logf("%+v\n%+v", titleWords(r[0]), titleWords(r[1]))
}
