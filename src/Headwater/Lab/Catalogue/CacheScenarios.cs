namespace Headwater.Lab.Catalogue;

/// <summary>What goes wrong with caches, as far as Headwater's kept results cover it.</summary>
static class CacheScenarios
{
    public static readonly Scenario ThunderingHerd = new()
    {
        Name = "thundering-herd",
        Seconds = 4,
        Title = new("The thundering herd", "한꺼번에 몰려드는 무리"),
        Question = new("A price changed, and everybody wants the front page at once. Who computes it?", "가격이 하나 바뀌자 모두가 한꺼번에 첫 페이지를 연다. 누가 계산할까?"),
        Anomaly = new("times that servers computed the same page", "서버가 같은 페이지를 계산한 횟수"),
        Without = new("each visitor's read goes to a server", "방문자마다 서버에 질의함"),
        With = new("identical reads in flight are merged (cache.enabled)", "진행 중인 같은 읽기를 하나로 합침(cache.enabled)"),
        Explanation =
        [
            new("The moment after a change is the worst for a popular page, since nothing kept is true any more and everybody asks.",
                "인기 있는 페이지에는 변경 직후가 가장 힘든 순간으로, 보관해 둔 것은 더는 맞지 않는데 모두가 물어봅니다."),
            new("Forty visitors make servers compute the same result forty times at once, and each of them waits as long as all of them together take.",
                "방문자 마흔 명이 서버에 같은 결과를 동시에 마흔 번 계산시키고, 저마다 마흔 번 전부에 걸리는 시간만큼 기다립니다."),
            new("With cache.enabled: true the first of them asks, and the others wait for that answer instead of asking too, for at most 200 ms.",
                "cache.enabled: true이면 첫 방문자만 질의하고 나머지는 따로 묻는 대신 그 답을 최대 200ms까지 기다립니다."),
            new("Only an answer that covers the position that a session asks for is shared with it, so nobody is shown less than its level promises.",
                "세션이 요구하는 위치를 덮는 답만 나누어 주므로, 누구도 자기 레벨이 약속한 것보다 낡은 것을 보지 않습니다."),
            new("Reads are merged within one thread of the gateway, so with many threads it is as many computations as there are threads, and not as there are visitors.",
                "합치기는 게이트웨이의 스레드 안에서 이루어지므로, 스레드가 여럿이면 계산 횟수는 방문자 수가 아니라 많아야 스레드 수만큼입니다."),
        ],
        Demand = Demand.AtMost(0.2, "", 40),
    };

    public static readonly Scenario StaleCache = new()
    {
        Name = "cache-stale",
        Seconds = 9,
        Title = new("The cache shows the old price", "캐시가 옛 가격을 보여 준다"),
        Question = new("I have changed the price. Why does the page show the old one?", "가격을 바꾸었는데 왜 페이지에는 옛 가격이 보일까?"),
        Anomaly = new("looks that showed an old price", "옛 가격을 보여 준 횟수"),
        Without = new("a cache with a time to live of 1 s", "수명(TTL)이 1초인 캐시"),
        With = new("Headwater's kept results (cache.enabled)", "Headwater의 보관 결과(cache.enabled)"),
        Explanation =
        [
            new("A cache with a time to live knows nothing of the database: it shows what was true when it asked, until the time is up.",
                "수명만 있는 캐시는 데이터베이스를 전혀 모르므로, 시간이 다할 때까지 물어본 당시의 값을 보여 줍니다."),
            new("A shorter time to live means fewer wrong answers and more load, and none is right.",
                "수명을 줄이면 틀린 답은 줄지만 부하가 늘고, 꼭 맞는 수명은 없습니다."),
            new("Headwater follows the primary's log and keeps a result only until the log touches a row or table that it was made from, whatever program made the change.",
                "Headwater는 프라이머리의 로그를 따라가며, 결과의 바탕이 된 행이나 테이블을 로그가 건드릴 때까지만 결과를 보관하고, 이는 어떤 프로그램이 바꾸었든 마찬가지입니다."),
            new("A kept result has a position as any copy has, so level session forbids it to a session that has written something newer.",
                "보관된 결과에도 다른 복제본처럼 위치가 있으므로, session 레벨에서는 더 새로운 것을 쓴 세션에 그 결과를 내주지 않습니다."),
            new("Between two changes the reads are answered without any server; no time to live had to be chosen and nothing had to be invalidated by hand.",
                "변경과 변경 사이의 읽기는 서버 없이 답하며, 수명을 정하거나 손으로 무효화할 필요도 없었습니다."),
        ],
        Demand = Demand.Gone(20),
    };

    public static readonly Scenario Penetration = new()
    {
        Name = "cache-penetration",
        Seconds = 7,
        Title = new("Asking for what does not exist", "없는 것을 찾는 질의(캐시 관통)"),
        Question = new("We have a cache. Why does every wrong link still reach the database?", "캐시가 있는데 왜 잘못된 링크는 매번 데이터베이스까지 갈까?"),
        Anomaly = new("asks for missing articles that reached a server", "서버까지 간, 없는 글을 찾는 질의"),
        Without = new("a cache that keeps what was found", "찾은 것만 보관하는 캐시"),
        With = new("Headwater keeps empty results too (cache.enabled)", "Headwater는 빈 결과도 보관함(cache.enabled)"),
        Explanation =
        [
            new("Most caches keep rows, and where there is no row there is nothing to keep, so a link to a deleted article asks the database each time.",
                "대부분의 캐시는 행을 보관하므로 행이 없으면 보관할 것도 없고, 지워진 글로 가는 링크는 매번 데이터베이스에 묻게 됩니다."),
            new("Headwater keeps results, and that there is no row is a result like any other.",
                "Headwater는 결과를 보관하는데, 행이 없다는 것도 여느 결과와 다름없는 결과입니다."),
            new("It stays true until the log has an insert with that key, which ends it as a change ends any other.",
                "그 결과는 로그에 그 키의 삽입이 나타날 때까지 참이며, 다른 결과가 변경으로 끝나듯 그때 끝납니다."),
            new("So what still reaches a server is the first ask for each of the twenty missing articles, and then hardly any.",
                "그래서 서버까지 가는 것은 없는 글 스무 개를 저마다 처음 묻는 질의 정도이고, 그 뒤로는 거의 없습니다."),
            new("It helps where the same keys are asked for again; somebody who asks for ever new random keys still reaches the servers with each, and has to be stopped elsewhere.",
                "같은 키를 다시 물을 때 도움이 되며, 늘 새로운 임의의 키를 묻는 질의는 매번 서버까지 가므로 다른 곳에서 막아야 합니다."),
        ],
        Demand = Demand.AtMost(0.2, "", 200),
    };

    public static readonly Scenario Avalanche = new()
    {
        Name = "cache-avalanche",
        Seconds = 9,
        Title = new("Everything expires at once", "모두 한꺼번에 만료된다(캐시 눈사태)"),
        Question = new("Nobody changed anything. Why does the database get a burst every few seconds?", "아무것도 바뀌지 않았는데 왜 데이터베이스에 주기적으로 질의가 쏟아질까?"),
        Anomaly = new("asks that reached a server though nothing had changed", "바뀐 것이 없는데도 서버까지 간 질의"),
        Without = new("a cache that was warmed at once, time to live 1.5 s", "한 번에 채운, 수명 1.5초의 캐시"),
        With = new("Headwater's kept results (cache.enabled)", "Headwater의 보관 결과(cache.enabled)"),
        Explanation =
        [
            new("What is put into a cache together with one time to live also ends together, and then every ask goes to the database at once.",
                "같은 수명으로 함께 캐시에 넣은 것은 함께 끝나고, 그 순간 모든 질의가 한꺼번에 데이터베이스로 갑니다."),
            new("It comes back with each round, because what is asked for anew at one moment ends at one moment again.",
                "한순간에 다시 물은 것은 또 한순간에 끝나므로, 이 일은 주기마다 되풀이됩니다."),
            new("Headwater's kept results have no time to live: each ends when the log touches what it was made from, and none because time has passed.",
                "Headwater의 보관 결과에는 수명이 없어서, 저마다 그 바탕이 된 것을 로그가 건드릴 때 끝날 뿐 시간이 지났다고 끝나지 않습니다."),
            new("So while nothing changes, nothing is asked.",
                "그래서 바뀌는 것이 없으면 물을 것도 없습니다."),
            new("What it does not cover: a gateway that starts has nothing kept yet, a changed definition ends every result of its table at once, and of those only identical reads are merged.",
                "다루지 못하는 것도 있습니다. 막 시작한 게이트웨이에는 아직 보관한 것이 없고, 테이블 정의가 바뀌면 그 테이블의 결과가 모두 한꺼번에 끝나며, 그때는 똑같은 읽기만 합쳐집니다."),
        ],
        Demand = Demand.AtMost(0.2, "", 500),
    };
}
