package answers

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// ask sends a request through a handler whose service is `next`, and returns what the client sees.
func ask(t *testing.T, config Config, request *http.Request, next http.HandlerFunc) *httptest.ResponseRecorder {
	t.Helper()
	handler, err := New(context.Background(), next, &config, "answers")
	if err != nil {
		t.Fatal(err)
	}
	recorder := httptest.NewRecorder()
	handler.ServeHTTP(recorder, request)
	return recorder
}

// refuse answers as Traefik does by itself: a status and plain text, without the name of the request.
func refuse(status int) http.HandlerFunc {
	return func(writer http.ResponseWriter, _ *http.Request) {
		http.Error(writer, http.StatusText(status), status)
	}
}

// serve answers as a service does: JSON and the name of the request.
func serve(status int, body string) http.HandlerFunc {
	return func(writer http.ResponseWriter, request *http.Request) {
		writer.Header().Set(idHeader, request.Header.Get(idHeader))
		writer.Header().Set("Content-Type", "application/json")
		writer.WriteHeader(status)
		_, _ = writer.Write([]byte(body))
	}
}

func get(path string, headers ...string) *http.Request {
	return asked(http.MethodGet, path, headers...)
}

func asked(method string, path string, headers ...string) *http.Request {
	request := httptest.NewRequest(method, path, nil)
	for place := 0; place < len(headers); place += 2 {
		request.Header.Add(headers[place], headers[place+1])
	}
	return request
}

func TestRefusalsOfTheGatewayAreJSON(t *testing.T) {
	for _, test := range []struct {
		name       string
		given      int
		status     int
		detail     string
		retryAfter string
	}{
		{"limit", 429, 429, "Request refused: Gateway/limit — too many requests from this address, wait a moment.", "1"},
		{"body", 413, 413, "Request refused: Gateway/body — it is too large.", ""},
		{"no route", 404, 404, "Request refused: Gateway/404 — Not Found.", ""},
		{"bad gateway", 502, 503, "Not answered: Gateway/forward — this part of Notechondria is restarting, try again in a moment.", "1"},
		{"unavailable", 503, 503, "Not answered: Gateway/forward — this part of Notechondria is restarting, try again in a moment.", "1"},
		{"time out", 504, 503, "Not answered: Gateway/forward — this part of Notechondria is restarting, try again in a moment.", "1"},
		{"unreadable", 500, 400, "Request refused: Gateway/400 — Bad Request.", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			seen := ask(t, Config{}, get("/api/v1/notes/"), refuse(test.given))
			var body map[string]string
			if err := json.Unmarshal(seen.Body.Bytes(), &body); err != nil {
				t.Fatalf("%v: %s", err, seen.Body)
			}
			if seen.Code != test.status || body["detail"] != test.detail || len(body) != 1 {
				t.Errorf("%d %v", seen.Code, body)
			}
			header := seen.Header()
			if header.Get("Retry-After") != test.retryAfter {
				t.Errorf("Retry-After %q", header.Get("Retry-After"))
			}
			if header.Get("Content-Type") != "application/json; charset=utf-8" || header.Get("X-Content-Type-Options") != "nosniff" {
				t.Errorf("%v", header)
			}
			if !regexp.MustCompile(`^[0-9a-f]{32}$`).MatchString(header.Get(idHeader)) {
				t.Errorf("request id %q", header.Get(idHeader))
			}
		})
	}
}

func TestRetryAfterOfALimiterStays(t *testing.T) {
	seen := ask(t, Config{}, get("/api/v1/auth/login/"), func(writer http.ResponseWriter, _ *http.Request) {
		writer.Header().Set("Retry-After", "7")
		http.Error(writer, "", http.StatusTooManyRequests)
	})
	if seen.Header().Get("Retry-After") != "7" {
		t.Errorf("%v", seen.Header())
	}
}

func TestAnswersOfServicesPassUnchanged(t *testing.T) {
	for _, status := range []int{200, 201, 400, 401, 404, 429, 500, 502, 503} {
		seen := ask(t, Config{PatienceSeconds: 5}, get("/api/v1/notes/"), serve(status, `{"detail": "a service's own"}`))
		if seen.Code != status || seen.Body.String() != `{"detail": "a service's own"}` {
			t.Errorf("%d: %d %s", status, seen.Code, seen.Body)
		}
	}
}

func TestAForeignServiceThatSpeaksJSONIsNotReplaced(t *testing.T) {
	seen := ask(t, Config{}, get("/api/v1/ai/models"), func(writer http.ResponseWriter, _ *http.Request) {
		writer.Header().Set("Content-Type", "application/json")
		writer.WriteHeader(http.StatusTeapot)
		_, _ = writer.Write([]byte(`{"error": "tea"}`))
	})
	if seen.Code != http.StatusTeapot || seen.Body.String() != `{"error": "tea"}` || seen.Header().Get(idHeader) == "" {
		t.Errorf("%d %s %v", seen.Code, seen.Body, seen.Header())
	}
}

func TestHeadOfARefusalHasNoBody(t *testing.T) {
	seen := ask(t, Config{}, asked(http.MethodHead, "/api/v1/notes/"), refuse(404))
	if seen.Body.Len() != 0 || seen.Header().Get("Content-Length") == "0" {
		t.Errorf("%s %v", seen.Body, seen.Header())
	}
}

func TestAStatusBeforeTheAnswerPasses(t *testing.T) {
	seen := ask(t, Config{}, get("/media/x"), func(writer http.ResponseWriter, request *http.Request) {
		writer.WriteHeader(http.StatusEarlyHints)
		serve(200, "{}")(writer, request)
	})
	if seen.Code == 0 || seen.Body.String() != "{}" {
		t.Errorf("%d %s", seen.Code, seen.Body)
	}
}

func TestOriginsThatMayReadAnswers(t *testing.T) {
	hosts := "app.example, https://other.example:8443 *"
	for _, test := range []struct {
		path    string
		origin  string
		allowed bool
	}{
		{"/api/v1/notes/", "https://app.example", true},
		{"/api/v1/notes/", "https://APP.example:99", true},
		{"/media/a.png", "http://other.example", true},
		{"/api/v1/notes/", "http://localhost:5173", true},
		{"/api/v1/notes/", "http://127.0.0.1:5173", true},
		{"/api/v1/notes/", "https://evil.example", false},
		{"/api/v1/notes/", "https://app.example.evil.org", false},
		{"/api/v1/notes/", "null", false},
		{"/api/v1/notes/", "http://[", false},
		{"/api/v1/notes/", "", false},
		{"/admin/", "https://app.example", false},
		{"/mcp", "https://app.example", false},
	} {
		seen := ask(t, Config{Hosts: hosts}, get(test.path, "Origin", test.origin), refuse(429)).Header()
		origin := ""
		if test.allowed {
			origin = test.origin
		}
		if seen.Get("Access-Control-Allow-Origin") != origin || (seen.Get("Vary") == "Origin") != test.allowed {
			t.Errorf("%s from %q: %v", test.path, test.origin, seen)
		}
		if (seen.Get("Access-Control-Allow-Credentials") == "true") != test.allowed {
			t.Errorf("%s from %q: %v", test.path, test.origin, seen)
		}
	}
}

func TestAnyPageMayReadWhatProgramsAskFor(t *testing.T) {
	for path, open := range map[string]bool{
		"/oauth/token": true, "/oauth/register/x": true, "/oauth/authorize": false, "/mcp": false,
		"/.well-known/oauth-protected-resource/mcp": true, "/.well-known/openid-configuration": true, "/.well-known/acme": false,
	} {
		seen := ask(t, Config{}, get(path, "Origin", "https://page.example"), refuse(503)).Header()
		if (seen.Get("Access-Control-Allow-Origin") == "*") != open || seen.Get("Access-Control-Allow-Credentials") != "" {
			t.Errorf("%s: %v", path, seen)
		}
		leave := ask(t, Config{}, asked(http.MethodOptions, path, "Origin", "https://page.example"), refuse(503))
		if (leave.Code == 204) != open {
			t.Errorf("%s: %d", path, leave.Code)
		}
	}
}

func TestCORSOfAServiceIsNotRepeated(t *testing.T) {
	seen := ask(t, Config{}, get("/api/v1/notes/", "Origin", "http://localhost"), func(writer http.ResponseWriter, request *http.Request) {
		writer.Header().Set("Access-Control-Allow-Origin", "http://localhost")
		serve(200, "{}")(writer, request)
	})
	if len(seen.Header().Values("Access-Control-Allow-Origin")) != 1 || seen.Header().Get("Vary") != "" {
		t.Errorf("%v", seen.Header())
	}
}

func TestPreflightsAreAlways204(t *testing.T) {
	for path, status := range map[string]int{"/api/v1/notes/": 204, "/media/a.png": 204, "/admin/": 503, "/mcp": 503} {
		seen := ask(t, Config{}, asked(http.MethodOptions, path, "Origin", "http://localhost"), refuse(503))
		if seen.Code != status {
			t.Errorf("%s: %d", path, seen.Code)
		}
		if status == 204 && (seen.Body.Len() != 0 || seen.Header().Get("Content-Type") != "") {
			t.Errorf("%s: %s %v", path, seen.Body, seen.Header())
		}
		if kept := seen.Header().Get("Access-Control-Max-Age"); (kept == "7200") != (status == 204) {
			t.Errorf("%s: kept for %q", path, kept)
		}
	}
}

func TestTheRequestIsNamed(t *testing.T) {
	made := regexp.MustCompile(`^[0-9a-f]{32}$`)
	for _, test := range []struct {
		given string
		kept  bool
	}{
		{"abc-DEF_1.2", true},
		{strings.Repeat("a", 128), true},
		{"short", false},
		{strings.Repeat("a", 129), false},
		{"has a blank", false},
		{"line\nbreak-1", false},
		{"", false},
	} {
		passed := ""
		request := get("/api/v1/notes/", idHeader, test.given)
		seen := ask(t, Config{}, request, func(writer http.ResponseWriter, request *http.Request) {
			passed = request.Header.Get(idHeader)
			refuse(404)(writer, request)
		})
		if answered := seen.Header().Get(idHeader); answered != passed {
			t.Errorf("%q: the service sees %q, the client %q", test.given, passed, answered)
		}
		if (passed == test.given) != test.kept || (!test.kept && !made.MatchString(passed)) {
			t.Errorf("%q became %q", test.given, passed)
		}
		if request.Header.Get(idHeader) != "" {
			t.Errorf("%q is left for the access log", request.Header.Get(idHeader))
		}
	}
}

func TestTheUserIsForTheAccessLogOnly(t *testing.T) {
	request := get("/api/v1/notes/", userHeader, "forged")
	seen := ask(t, Config{}, request, func(writer http.ResponseWriter, inner *http.Request) {
		if inner.Header.Get(userHeader) != "" {
			t.Error("a client's user reaches the service")
		}
		writer.Header().Set(userHeader, "7")
		serve(200, "{}")(writer, inner)
	})
	if seen.Header().Get(userHeader) != "" || request.Header.Get(userHeader) != "7" {
		t.Errorf("client %q, log %q", seen.Header().Get(userHeader), request.Header.Get(userHeader))
	}
}

func TestTheClientBehindTrustedProxies(t *testing.T) {
	for _, test := range []struct {
		name    string
		proxies string
		remote  string
		hops    []string
		client  string
	}{
		{"nobody is trusted", "", "203.0.113.9:1", []string{"1.2.3.4"}, "203.0.113.9"},
		{"the proxy is", "203.0.113.0/24", "203.0.113.9:1", []string{"1.2.3.4"}, "1.2.3.4"},
		{"only the last hop counts", "203.0.113.9", "203.0.113.9:1", []string{"6.6.6.6, 1.2.3.4"}, "1.2.3.4"},
		{"two proxies", "203.0.113.9,10.0.0.0/8", "203.0.113.9:1", []string{"6.6.6.6, 1.2.3.4, 10.1.1.1"}, "1.2.3.4"},
		{"several headers", "203.0.113.9", "203.0.113.9:1", []string{"6.6.6.6", "1.2.3.4"}, "1.2.3.4"},
		{"what is no address", "203.0.113.9", "203.0.113.9:1", []string{"unknown"}, "203.0.113.9"},
		{"nothing", "203.0.113.9", "203.0.113.9:1", nil, "203.0.113.9"},
		{"IPv6", "2001:db8::1", "[2001:db8::1]:1", []string{"2001:db8::2"}, "2001:db8::2"},
		{"no port", "", "203.0.113.9", nil, "203.0.113.9"},
	} {
		t.Run(test.name, func(t *testing.T) {
			request := get("/")
			request.RemoteAddr = test.remote
			for _, hop := range test.hops {
				request.Header.Add("X-Forwarded-For", hop)
			}
			ask(t, Config{Proxies: test.proxies}, request, serve(200, "{}"))
			if found := request.Header.Values("X-Forwarded-For"); len(found) != 1 || found[0] != test.client {
				t.Errorf("%v", found)
			}
		})
	}
}

func TestAProxyThatIsNoNetworkIsRefused(t *testing.T) {
	if _, err := New(context.Background(), http.NotFoundHandler(), &Config{Proxies: "10.0.0.0/8 office"}, ""); err == nil {
		t.Error("taken")
	}
	if *CreateConfig() != (Config{}) {
		t.Error("the configuration does not begin empty")
	}
}

// restarting refuses the first requests as Traefik does while a service is away.
func restarting(refusals int) (http.HandlerFunc, *int) {
	tries := 0
	return func(writer http.ResponseWriter, request *http.Request) {
		if tries++; tries <= refusals {
			writer.Header().Set("X-Left-Over", "1")
			refuse(502)(writer, request)
			return
		}
		serve(200, `{"id": 1}`)(writer, request)
	}, &tries
}

func TestReadsWaitForAServiceThatRestarts(t *testing.T) {
	for _, test := range []struct {
		method   string
		patience int
		tries    int
		status   int
	}{
		{http.MethodGet, 5, 3, 200},
		{http.MethodHead, 5, 3, 200},
		{http.MethodGet, 0, 1, 503},
		{http.MethodPost, 5, 1, 503},
		{http.MethodDelete, 5, 1, 503},
	} {
		next, tries := restarting(2)
		seen := ask(t, Config{PatienceSeconds: test.patience}, asked(test.method, "/api/v1/notes/"), next)
		if seen.Code != test.status || *tries != test.tries {
			t.Errorf("%s, %d s: %d after %d tries", test.method, test.patience, seen.Code, *tries)
		}
		if test.status == 200 && seen.Header().Get("X-Left-Over") != "" {
			t.Errorf("a header of a refused try is left: %v", seen.Header())
		}
	}
}

func TestPatienceEnds(t *testing.T) {
	next, tries := restarting(1000)
	started := time.Now()
	seen := ask(t, Config{PatienceSeconds: 1}, get("/api/v1/notes/"), next)
	if took := time.Since(started); seen.Code != 503 || *tries < 5 || took < 900*time.Millisecond || took > 5*time.Second {
		t.Errorf("%d after %d tries in %s", seen.Code, *tries, took)
	}
}

func TestAClientThatLeavesIsNotWaitedFor(t *testing.T) {
	next, tries := restarting(1000)
	ctx, leave := context.WithCancel(context.Background())
	leave()
	seen := ask(t, Config{PatienceSeconds: 60}, get("/api/v1/notes/").WithContext(ctx), next)
	if seen.Code != 503 || *tries != 1 {
		t.Errorf("%d after %d tries", seen.Code, *tries)
	}
}

func TestAServiceThatIsAwayForLongIsNotWaitedFor(t *testing.T) {
	next, tries := restarting(1000)
	away, refused := time.Now().Add(-2*forget).UnixNano(), time.Now().Add(-forget/2).UnixNano()
	handler := &Handler{next: next, patience: time.Minute, awaySince: away, refusedAt: refused}
	recorder := httptest.NewRecorder()
	handler.ServeHTTP(recorder, get("/api/v1/notes/"))
	if recorder.Code != 503 || *tries != 1 {
		t.Errorf("%d after %d tries", recorder.Code, *tries)
	}
	*tries = 1000
	handler.ServeHTTP(httptest.NewRecorder(), get("/api/v1/notes/"))
	if handler.awaySince != 0 {
		t.Error("a service that answers is still taken for away")
	}
}

func TestAServiceThatWasNotAskedForLongIsWaitedForAgain(t *testing.T) {
	next, tries := restarting(2)
	long := time.Now().Add(-2 * forget).UnixNano()
	handler := &Handler{next: next, patience: time.Minute, awaySince: long, refusedAt: long}
	recorder := httptest.NewRecorder()
	handler.ServeHTTP(recorder, get("/api/v1/notes/"))
	if recorder.Code != 200 || *tries != 3 {
		t.Errorf("%d after %d tries", recorder.Code, *tries)
	}
}

func TestOnlySoManyWait(t *testing.T) {
	next, tries := restarting(1000)
	handler := &Handler{next: next, patience: time.Minute, waiting: crowd}
	recorder := httptest.NewRecorder()
	handler.ServeHTTP(recorder, get("/api/v1/notes/"))
	if recorder.Code != 503 || *tries != 1 || handler.waiting != crowd {
		t.Errorf("%d after %d tries, %d wait", recorder.Code, *tries, handler.waiting)
	}
}

func TestWhoWaitedIsCountedOut(t *testing.T) {
	var guard sync.Mutex
	away := true
	handler := &Handler{patience: 10 * time.Second, next: http.HandlerFunc(func(writer http.ResponseWriter, request *http.Request) {
		guard.Lock()
		defer guard.Unlock()
		if away {
			refuse(502)(writer, request)
			return
		}
		serve(200, "{}")(writer, request)
	})}
	var group sync.WaitGroup
	for range 8 {
		group.Add(1)
		go func() {
			defer group.Done()
			recorder := httptest.NewRecorder()
			handler.ServeHTTP(recorder, get("/api/v1/notes/"))
			if recorder.Code != 200 {
				t.Errorf("%d", recorder.Code)
			}
		}()
	}
	time.Sleep(3 * pause)
	guard.Lock()
	away = false
	guard.Unlock()
	group.Wait()
	if handler.waiting != 0 {
		t.Errorf("%d still wait", handler.waiting)
	}
}

func TestAStreamIsFlushedPieceByPiece(t *testing.T) {
	for kind, flushed := range map[string]bool{"text/event-stream": true, "text/event-stream; charset=utf-8": true, "text/plain": false} {
		seen := ask(t, Config{}, get("/mcp"), func(writer http.ResponseWriter, request *http.Request) {
			writer.Header().Set(idHeader, request.Header.Get(idHeader))
			writer.Header().Set("Content-Type", kind)
			_, _ = writer.Write([]byte("data: 1\n\n"))
		})
		if seen.Flushed != flushed || seen.Code != 200 || seen.Body.String() != "data: 1\n\n" {
			t.Errorf("%s: %v %d %s", kind, seen.Flushed, seen.Code, seen.Body)
		}
	}
}

func TestBrowsersAtTheSitesGetAPage(t *testing.T) {
	const browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
	for _, test := range []struct {
		path   string
		accept string
		page   bool
	}{
		{"/admin/", browser, true},
		{"/admin", browser, true},
		{"/admin/users/", browser, true},
		{"/administration", browser, false},
		{"/account/", browser, true},
		{"/account", browser, true},
		{"/account/sign-in/", browser, true},
		{"/account/sign-in/", "application/json", false},
		{"/accounts/", browser, false},
		{"/oauth/authorize", browser, true},
		{"/oauth/authorize/", browser, true},
		{"/oauth/token", browser, false},
		{"/mcp", browser, false},
		{"/api/v1/notes/", browser, false},
		{"/admin/", "application/json", false},
		{"/admin/", "*/*", false},
		{"/admin/", "", false},
		{"/admin/", "text/html;q=0.2, application/json;q=0.9", false},
		{"/admin/", "text/*, application/json;q=0.5", true},
		{"/admin/", "text/html;q=0, */*", false},
		{"/admin/", "not a type;;, text/html", true},
	} {
		seen := ask(t, Config{}, get(test.path, "Accept", test.accept), refuse(503))
		kind := seen.Header().Get("Content-Type")
		if strings.HasPrefix(kind, "text/html") != test.page {
			t.Errorf("%s with %q: %s", test.path, test.accept, kind)
		}
	}
}

func TestThePageLeadsBackToItsSite(t *testing.T) {
	for path, home := range map[string]string{"/admin/users/": "/admin/", "/account/log/": "/account/", "/oauth/authorize": "/account/"} {
		body := ask(t, Config{}, get(path, "Accept", "text/html"), refuse(503)).Body.String()
		if !strings.Contains(body, `<a href="`+home+`">`) || strings.Contains(body, "administration") != (home == "/admin/") {
			t.Errorf("%s: %s", path, body)
		}
	}
}

func TestThePageSaysWhatHappened(t *testing.T) {
	for status, title := range map[int]string{429: "Too many tries", 503: "Back in a moment", 404: "That did not work"} {
		seen := ask(t, Config{}, get("/admin/", "Accept", "text/html"), refuse(status))
		body := seen.Body.String()
		if seen.Code != status || !strings.Contains(body, "<h1>"+title+"</h1>") {
			t.Errorf("%d: %s", status, body)
		}
		header := seen.Header()
		if !strings.HasPrefix(header.Get("Content-Security-Policy"), "default-src 'none'; style-src 'sha256-") {
			t.Errorf("%v", header)
		}
		if header.Get("Cache-Control") != "no-store" || strings.Contains(body, "<script") {
			t.Errorf("%v", header)
		}
	}
}
