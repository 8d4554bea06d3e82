using Headwater.Core.Statements;

namespace Headwater.IntegrationTests.Statements;

public sealed class CatalogueQueriesTests(OracleServers servers) : IClassFixture<OracleServers>
{
    static readonly string[] PureViews =
    [
        "SELECT COUNT(*) AS n, MAX(a) AS m, GROUP_CONCAT(DISTINCT a ORDER BY b DESC SEPARATOR ';') AS g FROM app.t GROUP BY b WITH ROLLUP",
        "SELECT CAST(a AS CHAR(10)) AS x, CONVERT(b USING utf8mb4) AS y, a COLLATE utf8mb4_bin AS z, _utf8mb4'ä' AS l FROM app.t",
        "SELECT TRIM(LEADING 'x' FROM a) AS x, SUBSTRING(a FROM 1 FOR 2) AS y, EXTRACT(DAY FROM c) AS z, POSITION('x' IN b) AS p FROM app.t",
        "SELECT NOW() AS n, CURRENT_DATE AS d, DATE_ADD(c, INTERVAL 1 DAY) AS e, TIMESTAMPDIFF(DAY, c, NOW()) AS f, UTC_TIMESTAMP() AS u FROM app.t",
        "SELECT RANK() OVER (PARTITION BY a ORDER BY b) AS r, SUM(id) OVER w AS s FROM app.t WINDOW w AS (ORDER BY id)",
        "SELECT CASE WHEN a = 1 THEN 'x' ELSE b END AS x, IF(a, b, 1) AS y, a IN (1, 2) AS i, b LIKE 'x%' AS l, a BETWEEN 1 AND 2 AS w FROM app.t",
        "SELECT t.a, u.b FROM app.t AS t LEFT JOIN app.u AS u ON t.a = u.a JOIN app.v ON v.id = t.id WHERE EXISTS (SELECT 1 FROM app.parts WHERE parts.a = t.id)",
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3) SELECT i FROM n",
        "SELECT JSON_EXTRACT(a, '$.b') AS j, JSON_VALUE(a, '$.c') AS v, MD5(a) AS m, MATCH (a, b) AGAINST ('x') AS f FROM app.t",
        "SELECT j.v FROM JSON_TABLE('[1]', '$[*]' COLUMNS (n FOR ORDINALITY, v INT PATH '$')) AS j",
        "(SELECT a FROM app.u) UNION (SELECT a FROM app.v) ORDER BY 1 LIMIT 3",
        "SELECT a FROM app.t FOR SYSTEM_TIME ALL",
        "SELECT ST_AsText(g) AS g, POINT(1, 1) AS p FROM app.geo",
    ];

    [Fact]
    public async Task A_servers_own_words_for_its_views_and_routines_make_the_catalogue()
    {
        var primary = servers.All[0];
        for (var i = 0; i < PureViews.Length; i++)
            await primary.ExecuteAsync($"CREATE OR REPLACE VIEW app.pure_{i} AS {PureViews[i]}");
        await primary.ExecuteAsync("CREATE OR REPLACE VIEW app.sequence_view AS SELECT NEXTVAL(app.s) AS n");
        await primary.ExecuteAsync("CREATE OR REPLACE TRIGGER app.remember BEFORE INSERT ON app.hits FOR EACH ROW SET @last_hit = NEW.n");

        var views = await primary.ExecuteAsync(Catalogue.ViewsQuery);
        var routines = await primary.ExecuteAsync(Catalogue.RoutinesQuery);
        var loadable = await primary.ExecuteAsync(Catalogue.LoadableFunctionsQuery);
        var triggers = await primary.ExecuteAsync(Catalogue.TriggersQuery);
        var catalogue = Catalogue.Build(
            views.Rows.Select(row => new CatalogueView(row[0]!, row[1]!, row[2]!)),
            routines.Rows.Select(row => row[0]!),
            loadable.Rows.Select(row => row[0]!),
            triggers.Rows.Select(row => new CatalogueTrigger(row[0]!, row[1]!)));

        Assert.Equal(["counting_view", "sequence_view", "view_over_view"], catalogue.ImpureViews.Order());
        Assert.True(catalogue.Routines.IsSupersetOf(["bump", "count", "f"]));
        Assert.False(catalogue.Routines.Overlaps(["p"]));
        Assert.Equal(["hits"], catalogue.OpaqueTables);
    }
}
