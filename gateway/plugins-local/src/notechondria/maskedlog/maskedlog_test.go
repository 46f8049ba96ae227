package maskedlog

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// logged sends a request through a handler and returns the line that it wrote.
func logged(t *testing.T, request *http.Request, next http.HandlerFunc) map[string]any {
	t.Helper()
	file := filepath.Join(t.TempDir(), "access.log")
	handler, err := New(context.Background(), next, &Config{File: file, Service: "planner"}, "maskedlog")
	if err != nil {
		t.Fatal(err)
	}
	handler.ServeHTTP(httptest.NewRecorder(), request)
	lines := lines(t, file)
	if len(lines) != 1 {
		t.Fatalf("%d lines", len(lines))
	}
	return lines[0]
}

func lines(t *testing.T, file string) []map[string]any {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var found []map[string]any
	for _, line := range strings.Split(strings.TrimSuffix(string(text), "\n"), "\n") {
		fields := map[string]any{}
		if err := json.Unmarshal([]byte(line), &fields); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		found = append(found, fields)
	}
	return found
}

func calendar(writer http.ResponseWriter, _ *http.Request) {
	writer.Header().Set("X-Request-Id", "request-1")
	_, _ = io.WriteString(writer, "BEGIN:")
	_, _ = io.WriteString(writer, "VCALENDAR")
}

func TestALineHasTheFieldsOfTraefiks(t *testing.T) {
	line := logged(t, httptest.NewRequest(http.MethodGet, "/calendar/secret.ics?token=secret", nil), calendar)
	for name, value := range map[string]any{
		"DownstreamStatus":        200.0,
		"DownstreamContentSize":   15.0,
		"RequestMethod":           "GET",
		"RequestPath":             "/calendar/***",
		"ServiceName":             "planner@file",
		"ClientHost":              "192.0.2.1",
		"downstream_X-Request-Id": "request-1",
	} {
		if line[name] != value {
			t.Errorf("%s is %v", name, line[name])
		}
	}
	started, err := time.Parse(time.RFC3339Nano, line["StartUTC"].(string))
	if err != nil || time.Since(started) > time.Minute {
		t.Errorf("%v: %v", line["StartUTC"], err)
	}
	if duration := line["Duration"].(float64); duration <= 0 || duration > 6e10 {
		t.Errorf("%v", duration)
	}
	if len(line) != 9 {
		t.Errorf("%v", line)
	}
}

func TestNothingOfASecretPathIsWritten(t *testing.T) {
	for path, shown := range map[string]string{
		"/calendar/secret.ics":       "/calendar/***",
		"/calendar/secret/secret":    "/calendar/***",
		"//calendar//secret":         "/calendar/***",
		"/calendar/secret%2Fsecret/": "/calendar/***",
		"/calendar/":                 "/calendar/***",
	} {
		line := logged(t, httptest.NewRequest(http.MethodGet, "http://example.org"+path, nil), calendar)
		if line["RequestPath"] != shown {
			t.Errorf("%s: %v", path, line["RequestPath"])
		}
	}
}

func TestTheClientIsTheOneThatWasFound(t *testing.T) {
	for _, test := range []struct{ remote, forwarded, client string }{
		{"203.0.113.9:1", "1.2.3.4", "1.2.3.4"},
		{"203.0.113.9:1", "not an address", "203.0.113.9"},
		{"203.0.113.9:1", "", "203.0.113.9"},
		{"203.0.113.9", "", "203.0.113.9"},
		{"[2001:db8::1]:1", "", "2001:db8::1"},
	} {
		request := httptest.NewRequest(http.MethodGet, "/calendar/x", nil)
		request.RemoteAddr = test.remote
		request.Header.Set("X-Forwarded-For", test.forwarded)
		if line := logged(t, request, calendar); line["ClientHost"] != test.client {
			t.Errorf("%v: %v", test, line["ClientHost"])
		}
	}
}

func TestStatusAndSizeAreTheAnswers(t *testing.T) {
	file := filepath.Join(t.TempDir(), "access.log")
	next := http.HandlerFunc(func(writer http.ResponseWriter, _ *http.Request) {
		writer.WriteHeader(http.StatusEarlyHints)
		writer.WriteHeader(http.StatusNotFound)
		_, _ = io.WriteString(writer, "gone")
	})
	handler, _ := New(context.Background(), next, &Config{File: file}, "")
	// A real server: the recorder takes the early hints for the answer.
	server := httptest.NewServer(handler)
	answer, err := http.Get(server.URL + "/calendar/x")
	server.Close()
	if err != nil || answer.StatusCode != http.StatusNotFound {
		t.Fatalf("%v %v", answer, err)
	}
	_ = answer.Body.Close()
	line := lines(t, file)[0]
	if line["DownstreamStatus"] != 404.0 || line["DownstreamContentSize"] != 4.0 {
		t.Errorf("%v", line)
	}
}

func TestLinesOfManyAtOnceStayWhole(t *testing.T) {
	file := filepath.Join(t.TempDir(), "access.log")
	handler, _ := New(context.Background(), http.HandlerFunc(calendar), &Config{File: file}, "")
	var group sync.WaitGroup
	for range 50 {
		group.Add(1)
		go func() {
			defer group.Done()
			handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/calendar/x", nil))
		}()
	}
	group.Wait()
	if found := lines(t, file); len(found) != 50 {
		t.Errorf("%d lines", len(found))
	}
	if info, _ := os.Stat(file); info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v", info.Mode())
	}
}

func TestWithoutAFileTheLineGoesToStandardOutput(t *testing.T) {
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	before := os.Stdout
	os.Stdout = writer
	handler, _ := New(context.Background(), http.HandlerFunc(calendar), CreateConfig(), "")
	handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/calendar/x", nil))
	os.Stdout = before
	_ = writer.Close()
	text, _ := io.ReadAll(reader)
	if !strings.HasSuffix(string(text), "}\n") || !strings.Contains(string(text), "/calendar/***") {
		t.Errorf("%s", text)
	}
}

func TestALogThatCannotBeWrittenStopsNoAnswer(t *testing.T) {
	handler, _ := New(context.Background(), http.HandlerFunc(calendar), &Config{File: t.TempDir() + "/none/access.log"}, "")
	recorder := httptest.NewRecorder()
	handler.ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, "/calendar/x", nil))
	if recorder.Code != 200 || recorder.Body.String() != "BEGIN:VCALENDAR" {
		t.Errorf("%d %s", recorder.Code, recorder.Body)
	}
}
