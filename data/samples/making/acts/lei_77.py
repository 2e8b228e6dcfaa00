"""Lei Complementar nº 77, de 2023: amends other laws, and was itself amended since.

As an official site shows it, printed by a browser: superseded wordings are struck
through and the new wording of the same device follows.
"""

from __future__ import annotations

from making.act import (
    Block,
    Dots,
    Prose,
    ali,
    art,
    inc,
    par,
    quoted,
    revoked,
    struck,
    unico,
    vetoed,
)
from making.flow import Geometry
from making.furniture import browser_print
from making.sheets import browser_sheet
from making.typesetter import Document, Section, Trap

LC_81 = "Lei Complementar nº 81, de 2024"

OPENING: tuple[Block, ...] = (
    Prose("orgao", "Câmara Municipal de Brejo Alto"),
    Prose("subtitulo", "Estado de Serra Nova – Legislação Municipal"),
    Prose("epigrafe", "LEI COMPLEMENTAR Nº 77, DE 21 DE AGOSTO DE 2023"),
    Prose(
        "ementa",
        "Institui a contribuição para o custeio da coleta de resíduos, altera a Lei Complementar "
        "nº 41, de 3 de maio de 2009, e a Lei nº 390, de 17 de outubro de 2014, e dá outras "
        "providências.",
    ),
    Prose(
        "preambulo",
        "*O PREFEITO DO MUNICÍPIO DE BREJO ALTO* Faço saber que a Câmara Municipal decreta e eu "
        "sanciono a seguinte Lei Complementar:",
    ),
)

OWN_RULES: tuple[Block, ...] = (
    Prose("titulo", "CAPÍTULO I"),
    Prose("subtitulo", "DA CONTRIBUIÇÃO"),
    art(
        1,
        "Fica instituída a contribuição para o custeio da coleta, do transporte e da destinação "
        "final dos resíduos sólidos domiciliares.",
    ),
    struck(
        art(
            2,
            "Contribuinte é o proprietário do imóvel atendido pelo serviço ao menos uma vez por "
            "semana.",
        )
    ),
    art(
        2,
        "Contribuinte é o proprietário, o titular do domínio útil ou o possuidor do imóvel "
        f"atendido pelo serviço ao menos uma vez por semana. (Redação dada pela {LC_81})",
    ),
    par(1, "São isentos da contribuição:"),
    inc("I", "os templos de qualquer culto;", "-"),
    struck(inc("II", "as escolas mantidas por entidades sem fins lucrativos; e", "-")),
    inc(
        "II",
        "as escolas e creches mantidas por entidades sem fins lucrativos; "
        f"(Redação dada pela {LC_81})",
        "-",
    ),
    inc("II-A", f"os asilos e as casas de acolhida; e (Incluído pela {LC_81})", "-"),
    inc("III", "os imóveis com área construída de até quarenta metros quadrados.", "-"),
    vetoed(par(2, "(VETADO).")),
    struck(
        par(
            3,
            "A isenção será requerida anualmente, até o último dia útil do mês de novembro, "
            "mediante formulário próprio, sob pena de perda do benefício no exercício seguinte.",
        )
    ),
    par(
        3,
        "A isenção será concedida de ofício, com base no cadastro imobiliário do Município, e "
        f"revista a cada quatro anos. (Redação dada pela {LC_81})",
    ),
    par(
        "3-A",
        "Verificado erro no cadastro, o interessado poderá requerer a sua correção a qualquer "
        f"tempo, com efeitos desde a data do pedido. (Incluído pela {LC_81})",
    ),
    art(3, "O valor anual da contribuição será calculado em função:"),
    inc("I", "da frequência da coleta;", "-"),
    inc("II", "da área construída; e", "-"),
    vetoed(inc("III", "(VETADO).", "-")),
    unico(
        "O valor não poderá exceder a dois por cento do valor venal do imóvel, nem ser inferior "
        "ao custo de emissão da guia."
    ),
    art("3-A", f"A contribuição poderá ser paga: (Incluído pela {LC_81})"),
    inc("I", f"em parcela única, com desconto de dez por cento; ou (Incluído pela {LC_81})", "-"),
    inc("II", f"em até oito parcelas mensais e iguais. (Incluído pela {LC_81})", "-"),
    revoked(art(4, f"(Revogado pela {LC_81})")),
    art(
        5,
        "A arrecadação será depositada em conta específica e aplicada exclusivamente no serviço "
        "que a justifica, vedado o seu uso como garantia de operação de crédito.",
    ),
    par(1, "O extrato da conta será publicado a cada bimestre."),
    revoked(par(2, f"(Revogado pela {LC_81})")),
)

AMENDMENTS: tuple[Block, ...] = (
    Prose("titulo", "CAPÍTULO II"),
    Prose("subtitulo", "DAS ALTERAÇÕES LEGISLATIVAS"),
    art(
        6,
        "A Lei Complementar nº 41, de 3 de maio de 2009 – Código Tributário Municipal, passa a "
        "vigorar com as seguintes alterações:",
    ),
    *quoted(
        art(7, ""),
        Dots(),
        inc("IV", "a contribuição para o custeio da coleta de resíduos.", "-"),
        Dots(),
        par(
            2,
            "As contribuições de que tratam os incisos III e IV do caput não integram a base de "
            "cálculo de nenhum outro tributo.",
        ),
    ),
    *quoted(
        art(12, ""),
        inc("I", "", "-"),
        Dots(),
        ali("c", "comprovar o recolhimento nos autos do processo;"),
        Dots(),
    ),
    *quoted(
        art(
            "12-A",
            "O contribuinte em débito será notificado, preferencialmente por meio eletrônico, "
            "antes da inscrição em dívida ativa.",
        ),
        unico(
            "A notificação conterá o valor atualizado, a memória de cálculo e a advertência de "
            "que trata o § 1º do art. 12 deste Código."
        ),
        closes="”",
    ),
    art(
        7, "O art. 21 da Lei nº 390, de 17 de outubro de 2014, passa a vigorar acrescido do § 3º-A:"
    ),
    *quoted(
        art(21, ""),
        Dots(),
        par(
            "3-A",
            "Os catadores organizados em cooperativa terão preferência na contratação do "
            "serviço de triagem, observadas as seguintes condições:",
        ),
        inc("I", "sede no Município; e", "-"),
        inc("II", "regularidade fiscal.", "-"),
        Dots(),
    ),
    Prose("titulo", "CAPÍTULO III"),
    Prose("subtitulo", "DISPOSIÇÕES FINAIS"),
    art(
        8,
        "O Poder Executivo encaminhará à Câmara Municipal, em cento e oitenta dias, o plano de "
        "metas da coleta seletiva.",
    ),
    art(9, "Ficam revogados:"),
    inc("I", "os arts. 15 a 19 da Lei Complementar nº 41, de 3 de maio de 2009; e", "-"),
    inc("II", "a Lei nº 212, de 30 de junho de 2001.", "-"),
    art(
        10,
        "Esta Lei Complementar entra em vigor na data de sua publicação, observado, quanto aos "
        "arts. 1º a 3º, o prazo de noventa dias.",
    ),
    Prose("texto", "Brejo Alto, 21 de agosto de 2023; 88º da emancipação do Município."),
    Prose("assinatura", "ANSELMO TAVEIRA QUINTAL"),
    Prose("cargo", "Hermínia Salgado Prates"),
    Prose("aviso", "Este texto não substitui o publicado no Diário Oficial de 22.8.2023."),
)

LEI_77 = Document(
    name="lei-complementar-77-2023",
    title="LC 77/2023",
    sheet=browser_sheet(),
    geometry=Geometry(left=34, right=34, top=34, bottom=34),
    furniture=browser_print(
        "02/09/2024, 14:07", "LC077", "https://leis.brejoalto.example/complementares/2023/lc077.htm"
    ),
    sections=(Section((*OPENING, *OWN_RULES, *AMENDMENTS)),),
    page_count=2,
    author="Câmara Municipal de Brejo Alto",
    traps=(
        Trap(1, r"\(Redação dada pela"),
        Trap(2, r"^§ 1º do art\. 12 deste"),
        Trap(2, r"^“Art\. 12-A\."),
        Trap(2, r"^\.{40,}” \(NR\)"),
    ),
)
