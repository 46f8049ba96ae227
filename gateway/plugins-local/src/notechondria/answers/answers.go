// Package answers stands in front of every route. It gives the refusals that the gateway makes itself (429, 502, 503,
// 504, ...) the shape of the services' answers: JSON with a detail (a page for browsers below /admin/ and /account/), CORS headers for
// allowed origins (identity §15), and when to come back; without them a web app sees only "failed to fetch". It keeps reads waiting for a service that is
// just restarting, and it names the client's address behind proxies that are trusted.
package answers

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
	"unicode"
)

const (
	// forget: a service that has been away for longer is not waited for any more.
	forget = 20 * time.Second
	// pause between two tries.
	pause = 100 * time.Millisecond
	// crowd: so many requests of a route may wait at the same time.
	crowd = 500
	// userHeader: by it a service names to the access log who called.
	userHeader = "X-User-Id"
)

// Config is what the dynamic configuration says.
type Config struct {
	// Hosts whose pages may read the answers: names or URLs, separated by white space or commas.
	Hosts string `json:"hosts,omitempty"`
	// Proxies whose X-Forwarded-For is believed: addresses or networks, separated by white space or commas.
	Proxies string `json:"proxies,omitempty"`
	// PatienceSeconds for which a read waits for a service that cannot be reached; 0 = not at all.
	PatienceSeconds int `json:"patienceSeconds,omitempty"`
}

// CreateConfig makes an empty configuration.
func CreateConfig() *Config {
	return &Config{}
}

// Handler passes requests of one route on and looks at what comes back.
type Handler struct {
	next     http.Handler
	hosts    map[string]bool
	proxies  []*net.IPNet
	patience time.Duration
	waiting  int64
	// awaySince: when the service first could not be reached, in nanoseconds; 0 = it answers.
	awaySince int64
	// refusedAt: when it last could not be reached. A service that nobody asked in between may have been back.
	refusedAt int64
}

// New makes a handler.
func New(_ context.Context, next http.Handler, config *Config, _ string) (http.Handler, error) {
	hosts := map[string]bool{"localhost": true, "127.0.0.1": true}
	for _, word := range words(config.Hosts) {
		if name := hostName(word); name != "" && name != "*" {
			hosts[name] = true
		}
	}
	handler := &Handler{next: next, hosts: hosts, patience: time.Duration(config.PatienceSeconds) * time.Second}
	for _, word := range words(config.Proxies) {
		network, err := network(word)
		if err != nil {
			return nil, err
		}
		handler.proxies = append(handler.proxies, network)
	}
	return handler, nil
}

// ServeHTTP watches every answer.
//
// This code is interpreted (Yaegi), some hundred times slower than the rest of the gateway: what a good answer passes is
// as few statements and calls as it can be (docs/operations.md, "MCP, gateway, memory").
func (handler *Handler) ServeHTTP(writer http.ResponseWriter, request *http.Request) {
	headers := request.Header
	// One address, the client's: limits count by it, and services take the first hop (identity §1).
	headers["X-Forwarded-For"] = []string{handler.client(request)}
	delete(headers, userHeader)
	name(headers)
	own := &answer{ResponseWriter: writer, request: request, handler: handler, began: time.Now()}
	handler.next.ServeHTTP(own, request)
	if own.again {
		handler.repeat(own, request)
	}
	// The access log has the name from the answer; what the client had put there is not for it.
	delete(headers, idHeader)
}

// mayWait reports whether another try of a request may follow: a read has no body and no effect.
func (handler *Handler) mayWait(own *answer) bool {
	request := own.request
	if handler.patience <= 0 || (request.Method != http.MethodGet && request.Method != http.MethodHead) {
		return false
	}
	// A client that has left is not waited for.
	return request.Context().Err() == nil && time.Since(own.began) < handler.patience && handler.comesBack() &&
		(own.counted || atomic.LoadInt64(&handler.waiting) < crowd)
}

// repeat tries a read again until a service answers it or the patience is at its end.
func (handler *Handler) repeat(own *answer, request *http.Request) {
	own.counted = true
	atomic.AddInt64(&handler.waiting, 1)
	for own.again {
		own.again, own.decided = false, false
		// No select: interpreted, one of some hundred that wait side by side never went on (Traefik 3.7).
		time.Sleep(pause)
		handler.next.ServeHTTP(own, request)
	}
	atomic.AddInt64(&handler.waiting, -1)
}

// refused remembers that the service could not be reached now, in nanoseconds: after a long silence that is news.
func (handler *Handler) refused(now int64) {
	before := atomic.SwapInt64(&handler.refusedAt, now)
	if now-before > int64(forget) {
		atomic.StoreInt64(&handler.awaySince, now)
		return
	}
	atomic.CompareAndSwapInt64(&handler.awaySince, 0, now)
}

// comesBack reports whether the service is there, or away for so short a time that it may be restarting.
func (handler *Handler) comesBack() bool {
	since := atomic.LoadInt64(&handler.awaySince)
	return since == 0 || time.Since(time.Unix(0, since)) < forget
}

// client is the address of who asked: the last hop that is no trusted proxy.
func (handler *Handler) client(request *http.Request) string {
	address, _, err := net.SplitHostPort(request.RemoteAddr)
	if err != nil {
		address = request.RemoteAddr
	}
	if len(handler.proxies) == 0 {
		return address
	}
	hops := strings.Split(strings.Join(request.Header.Values("X-Forwarded-For"), ","), ",")
	for place := len(hops) - 1; place >= 0 && handler.trusts(address); place-- {
		if hop := strings.TrimSpace(hops[place]); net.ParseIP(hop) != nil {
			address = hop
		}
	}
	return address
}

func (handler *Handler) trusts(address string) bool {
	ip := net.ParseIP(address)
	for _, network := range handler.proxies {
		if ip != nil && network.Contains(ip) {
			return true
		}
	}
	return false
}

// answer watches one response. Our services name the request in their answers, and those of others speak JSON: a refusal
// that does neither is the gateway's own.
type answer struct {
	http.ResponseWriter
	request  *http.Request
	handler  *Handler
	decided  bool
	replaced bool
	// stream: each piece goes on at once. What wraps a response here cannot be asked to flush it, so it does so itself.
	stream bool
	// began: when the request came; again: another try must follow; counted: it is among those that wait.
	began   time.Time
	again   bool
	counted bool
}

// WriteHeader decides whose answer this is.
func (own *answer) WriteHeader(status int) {
	if own.decided {
		return
	}
	if status < 200 {
		own.ResponseWriter.WriteHeader(status)
		return
	}
	own.decided = true
	header := own.ResponseWriter.Header()
	if user := header[userHeader]; user != nil {
		// The access log shows headers of the request as they are at its end; the client does not see it.
		own.request.Header[userHeader] = user
		delete(header, userHeader)
	}
	if origin := own.request.Header["Origin"]; origin != nil && header["Access-Control-Allow-Origin"] == nil {
		own.allowOrigin(header, origin[0])
	}
	named := header[idHeader] != nil
	if !named {
		header[idHeader] = own.request.Header[idHeader]
	}
	kind := ""
	if kinds := header["Content-Type"]; kinds != nil {
		kind = kinds[0]
	}
	if status < 400 || named || strings.HasPrefix(kind, "application/json") {
		atomic.StoreInt64(&own.handler.awaySince, 0)
		own.stream = strings.HasPrefix(kind, "text/event-stream")
		own.ResponseWriter.WriteHeader(status)
		if own.stream {
			own.flush()
		}
		return
	}
	if status == http.StatusBadGateway || status == http.StatusServiceUnavailable || status == http.StatusGatewayTimeout {
		// One answer for all: 502 is a service's own word for a provider it could not reach (identity §10), and 504 is
		// only said when no connection could be made in time, for answers have no limit here.
		status = http.StatusServiceUnavailable
		own.handler.refused(time.Now().UnixNano())
		if own.handler.mayWait(own) {
			own.again = true
			for name := range header {
				header.Del(name)
			}
			return
		}
	}
	if own.request.Method == http.MethodOptions && (shared(own.request.URL.Path) || ofAnybody(own.request.URL.Path)) {
		// Always 204 (identity §15): a browser whose preflight fails sends no request, and its page never learns why.
		own.replaced = true
		for _, name := range []string{"Content-Type", "Content-Length", "Content-Encoding"} {
			header.Del(name)
		}
		own.ResponseWriter.WriteHeader(http.StatusNoContent)
		return
	}
	if status == http.StatusInternalServerError {
		// What the gateway cannot even read, a body with broken chunks say, is the client's fault.
		status = http.StatusBadRequest
	}
	own.replaced = true
	var body []byte
	if wantsPage(own.request) {
		body = page(header, own.request.URL.Path, status)
	} else {
		body, _ = json.Marshal(map[string]string{"detail": detail(status)})
		header.Set("Content-Type", "application/json; charset=utf-8")
	}
	header.Set("Content-Length", strconv.Itoa(len(body)))
	header.Del("Content-Encoding")
	// What stands in front of `headers` is not marked by it.
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Referrer-Policy", "strict-origin-when-cross-origin")
	if header.Get("Retry-After") == "" && (status == 429 || status == 503) {
		header.Set("Retry-After", "1")
	}
	own.ResponseWriter.WriteHeader(status)
	if own.request.Method != http.MethodHead {
		_, _ = own.ResponseWriter.Write(body)
	}
}

// Write passes a service's answer on and drops the gateway's own text.
func (own *answer) Write(data []byte) (int, error) {
	if !own.decided {
		own.WriteHeader(http.StatusOK)
	}
	if own.replaced || own.again {
		return len(data), nil
	}
	written, err := own.ResponseWriter.Write(data)
	if own.stream {
		own.flush()
	}
	return written, err
}

// flush sends a stream's headers, or its newest piece, on their way.
func (own *answer) flush() {
	if writer, ok := own.ResponseWriter.(http.Flusher); ok {
		writer.Flush()
	}
}

func (own *answer) allowOrigin(header http.Header, origin string) {
	if ofAnybody(own.request.URL.Path) {
		header.Set("Access-Control-Allow-Origin", "*")
		header.Set("Access-Control-Allow-Headers", "Authorization, Content-Type, Accept, MCP-Protocol-Version, Mcp-Session-Id")
		header.Set("Access-Control-Allow-Methods", "GET, POST, DELETE, OPTIONS")
		return
	}
	if !shared(own.request.URL.Path) || !own.handler.hosts[hostName(origin)] {
		return
	}
	header.Set("Access-Control-Allow-Origin", origin)
	header.Set("Access-Control-Allow-Credentials", "true")
	header.Set("Access-Control-Allow-Headers", "Authorization, Content-Type, Accept, Origin, X-Requested-With")
	header.Set("Access-Control-Allow-Methods", "GET, POST, PATCH, PUT, DELETE, OPTIONS")
	header.Add("Vary", "Origin")
	if own.request.Method == http.MethodOptions {
		// A browser asks again after two hours (apps §1).
		header.Set("Access-Control-Max-Age", "7200")
	}
}

// shared reports whether pages of other origins may ask for a path at all.
func shared(path string) bool {
	return strings.HasPrefix(path, "/api/") || strings.HasPrefix(path, "/media/")
}

// ofAnybody reports whether programs in any page may ask for a path, as the services allow it (notechondria_shared/web/cors.py).
func ofAnybody(path string) bool {
	for _, beginning := range []string{
		"/.well-known/oauth-", "/.well-known/openid-configuration",
		"/oauth/token", "/oauth/register", "/oauth/revoke", "/oauth/jwks",
	} {
		if strings.HasPrefix(path, beginning) {
			return true
		}
	}
	return false
}

func detail(status int) string {
	switch status {
	case http.StatusTooManyRequests:
		return "Request refused: Gateway/limit — too many requests from this address, wait a moment."
	case http.StatusRequestEntityTooLarge:
		return "Request refused: Gateway/body — it is too large."
	case http.StatusServiceUnavailable:
		return "Not answered: Gateway/forward — this part of Notechondria is restarting, try again in a moment."
	}
	return "Request refused: Gateway/" + strconv.Itoa(status) + " — " + http.StatusText(status) + "."
}

// hostName is the lower-case host of a name or URL, without its port.
func hostName(text string) string {
	if strings.Contains(text, "://") {
		parsed, err := url.Parse(text)
		if err != nil {
			return ""
		}
		return strings.ToLower(parsed.Hostname())
	}
	return strings.ToLower(text)
}

// network reads an address or a network.
func network(text string) (*net.IPNet, error) {
	if !strings.Contains(text, "/") {
		if strings.Contains(text, ":") {
			text += "/128"
		} else {
			text += "/32"
		}
	}
	_, found, err := net.ParseCIDR(text)
	return found, err
}

// words of a list, separated by white space or commas.
func words(text string) []string {
	return strings.FieldsFunc(text, func(sign rune) bool { return sign == ',' || unicode.IsSpace(sign) })
}
